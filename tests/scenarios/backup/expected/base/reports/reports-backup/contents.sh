# The server's major version: the image of these programs is its own.
release() { pg_dump --version | awk '{ print int($3) }'; }
# What a dump in pg_dump's own format holds: the rows of each table, and a digest of all rows in their order, which a
# restore keeps. The rows themselves are not written to the disk: as text they may be twice as large as the database.
contents() { # [FILE], otherwise from a pipe
  pg_restore --data-only --file=- "$@" | awk '
    table == "" && /^COPY / { table = $2; next }
    /^\\\.$/ { table = ""; next }
    table != "" { rows[table]++; print table "\t" $0 | "sha256sum" }
    END {
      for (table in rows) printf "%7d %s\n", rows[table], table | "LC_ALL=C sort -k 2"
      close("LC_ALL=C sort -k 2")
      close("sha256sum")
    }
  ' | sed 's/ -$/ in order/'
}
