# The server's major version: the image of these programs is its own.
release() { pg_dump --version | awk '{ print int($3) }'; }
# What a dump holds: the rows of each table, and one digest of them all, whatever their order.
contents() {
  pg_restore --data-only --file=- "$1" | awk '
    /^COPY / { table = $2; next }
    /^\\\.$/ { table = ""; next }
    table != "" { print table "\t" $0 }
  ' | LC_ALL=C sort --temporary-directory=/backup >/backup/.rows
  cut -f1 /backup/.rows | uniq -c
  sha256sum </backup/.rows
  rm /backup/.rows
}
