# Restores a copy that fetch.sh found whole, and compares what is there then with what was copied. MODE is
# `restore`, or `drill`: to scratch databases, which are dropped.
set -eu
. /etc/platformc/contents.sh
ask() { psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 "$@"; }
tables="SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'p') AND nspname !~ '^(pg_|information_schema)' ORDER BY 1"
stamp=$(ls /backup)
cd "/backup/$stamp"
failed=0
if [ "$MODE" = restore ]; then
  for database in nightly; do
    [ -f "$database.dump" ] || { echo "$stamp has no copy of $database" >&2; exit 1; }
    held=$(ask --dbname="$database" --command="$tables")
    [ -z "$held" ] || [ "${REPLACE:-}" = yes ] || {
      echo "$database is not empty; REPLACE=yes deletes these tables:" $held >&2
      exit 1
    }
  done
fi
for database in nightly; do
  target=$database
  [ "$MODE" = restore ] || target=drill_$database
  if [ "$MODE" = restore ]; then
    ask --dbname="$target" --command="SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace
      WHERE nspname !~ '^(pg_|information_schema)'" | ask --dbname="$target"
    ask --dbname="$target" --command='CREATE SCHEMA public AUTHORIZATION pg_database_owner'
  else
    [ -f "$database.dump" ] || continue  # a database that is newer than the copy
    ask --command="DROP DATABASE IF EXISTS \"$target\""
    ask --command="CREATE DATABASE \"$target\" OWNER \"${database}_owner\""
    ask --dbname="$target" --command='DROP SCHEMA public; CREATE SCHEMA public AUTHORIZATION pg_database_owner'
  fi
  pg_restore --exit-on-error --single-transaction --no-owner --no-privileges --role="${database}_owner" \
    --dbname="$target" "$database.dump"
  pg_dump --format=custom --file=/backup/.check "$target"
  contents /backup/.check >/tmp/contents
  if cmp -s /tmp/contents "$database.contents"; then
    echo "$target is as it was copied at $stamp:"
  else
    echo "$target differs from its copy of $stamp:" >&2
    failed=1
  fi
  cat /tmp/contents
  [ "$MODE" = restore ] || ask --command="DROP DATABASE \"$target\""
done
exit $failed
