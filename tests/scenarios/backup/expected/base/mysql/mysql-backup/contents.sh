ask() { mysql --user="$MYSQL_USER" --batch --skip-column-names "$@"; }
# The server's series: MySQL reads what an older one has written.
release() { ask --execute="SELECT SUBSTRING_INDEX(VERSION(), '.', 2)"; }
# A dump that is the same for the same rows, and what it holds: the rows of each table, and a digest.
dump() { # OPTIONS... DATABASE
  # It reads fewer variables than `mysql` does. A server with GTIDs lets administrators alone dump with them, and
  # since 9.7 it also reads policies of masking, which no table here has (mysqldump 9.7.4).
  mysqldump --host="$MYSQL_HOST" --port="$MYSQL_TCP_PORT" --user="$MYSQL_USER" --single-transaction --order-by-primary --skip-extended-insert \
    --skip-comments --no-tablespaces --hex-blob --events --triggers --loose-set-gtid-purged=OFF --loose-skip-masking-policies "$@"
}
# A dump writes bytes as twice as many letters, so it is compressed. A pipe hides the failure of its first command.
compressed() { # FILE OPTIONS... DATABASE
  file=$1
  shift
  { dump "$@" && : >"$file.whole"; } | gzip --fast >"$file"
  rm "$file.whole" 2>/dev/null || { echo "the dump of $file broke off" >&2; return 1; }
}
# Without the names of their owners: a user that is no administrator may not name others.
unowned() { sed '/^\/\*!50/s/DEFINER=`[^`]*`@`[^`]*`//'; }
contents() { # [PATTERN] of the lines that the digest is of, otherwise all; a dump from a pipe
  awk -v pattern="${1:-}" '
    /^INSERT INTO / { rows[$3]++ }
    $0 ~ pattern { print | "sha256sum" }
    END {
      for (table in rows) print rows[table], table | "sort"
      close("sort")
      close("sha256sum")
    }
  '
}
