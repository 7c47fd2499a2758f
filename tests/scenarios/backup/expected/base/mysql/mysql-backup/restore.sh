# Restores a copy that fetch.sh found whole, and compares what is there then with what was copied. MODE is
# `restore`, or `drill`: to scratch databases, which are dropped.
set -eu
. /etc/platformc/contents.sh
ask() { mysql --user="$MYSQL_USER" --batch --skip-column-names "$@"; }
stamp=$(ls /backup)
cd "/backup/$stamp"
failed=0
if [ "$MODE" = restore ]; then
  for database in nightly; do
    [ -f "$database.sql" ] || { echo "$stamp has no copy of $database" >&2; exit 1; }
    held=$(ask --execute="SELECT table_name FROM information_schema.tables WHERE table_schema = '$database' ORDER BY 1")
    [ -z "$held" ] || [ "${REPLACE:-}" = yes ] || {
      echo "$database is not empty; REPLACE=yes deletes these tables:" $held >&2
      exit 1
    }
  done
fi
for database in nightly; do
  target=$database
  [ "$MODE" = restore ] || target=drill_$database
  [ -f "$database.sql" ] || continue  # a database that is newer than the copy
  ask --execute="DROP DATABASE IF EXISTS \`$target\`; CREATE DATABASE \`$target\`"
  ask "$target" <"$database.sql"
  dump "$target" >/backup/.check
  contents /backup/.check >/tmp/contents
  if cmp -s /tmp/contents "$database.contents"; then
    echo "$target is as it was copied at $stamp:"
  else
    echo "$target differs from its copy of $stamp:" >&2
    failed=1
  fi
  cat /tmp/contents
  [ "$MODE" = restore ] || ask --execute="DROP DATABASE \`$target\`"
done
exit $failed
