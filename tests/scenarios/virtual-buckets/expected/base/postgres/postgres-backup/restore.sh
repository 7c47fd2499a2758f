# Restores a copy that fetch.sh found whole, and compares the result with the copy. MODE is `restore`, or
# `drill`: to scratch databases, which are dropped. A restore may run again: it skips each database that is
# as it was copied, and changes the others in one transaction.
set -eu
. /etc/platformc/contents.sh
. /etc/platformc/origin.sh
ask() { psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 "$@"; }
tables() { # DATABASE
  ask --dbname="$1" --command="SELECT format('%s.%s', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname !~ '^(pg_|information_schema)'" | LC_ALL=C sort
}
as_copied() { # DATABASE TARGET: whether it has the copy's tables and rows
  : >/tmp/contents
  # A list also has the entries TABLE DATA, and TABLE ATTACH for the partitions of a table.
  pg_restore --list "$1.dump" | awk '$4 == "TABLE" && $5 != "DATA" && $5 != "ATTACH" { print $5 "." $6 }' | LC_ALL=C sort >/tmp/tables
  [ "$(tables "$2")" = "$(cat /tmp/tables)" ] || return 1
  pg_dump --format=custom --compress=0 "$2" | contents >/tmp/contents
  [ "$(cat /tmp/contents)" = "$(cat "$1.contents")" ] || {
    # Earlier releases of platformc wrote the digest of the rows as they sort: there the numbers of rows are compared.
    grep -q ' -$' "$1.contents" && [ "$(sed '$d' /tmp/contents)" = "$(sed '$d' "$1.contents")" ]
  }
}
restore() { # DATABASE TARGET
  {
    echo 'SET client_min_messages = error; BEGIN;'
    ask --dbname="$2" --command="SELECT format('DROP SCHEMA %I CASCADE;', nspname) FROM pg_namespace
      WHERE nspname !~ '^(pg_|information_schema)'"
    echo 'CREATE SCHEMA public AUTHORIZATION pg_database_owner;'
    # It ends with COMMIT: where it breaks off, everything stays as it was.
    pg_restore --single-transaction --no-owner --no-privileges --role="$1_owner" --file=- "$1.dump"
  } | ask --dbname="$2" >/dev/null
}
stamp=$(ls /backup)
cd "/backup/$stamp"
failed=0
if [ "$MODE" = restore ]; then
  same_platform ORIGIN
  not_newer ORIGIN "$(release)"
  for database in lakefs mlflow; do
    [ -f "$database.dump" ] || { echo "$stamp has no copy of $database" >&2; exit 1; }
    held=$(tables "$database")
    [ -z "$held" ] || [ "${REPLACE:-}" = yes ] || as_copied "$database" "$database" || {
      echo "$database is not empty; with --replace a restore deletes these tables:" $held >&2
      exit 1
    }
  done
fi
for database in lakefs mlflow; do
  target=$database
  if [ "$MODE" = restore ]; then
    held=$(tables "$database")
    if [ -n "$held" ] && [ "${REPLACE:-}" != yes ]; then
      echo "$target is already as it was copied at $stamp"
      continue
    fi
    [ -z "$held" ] || echo "deletes from $database:" $held
  else
    [ -f "$database.dump" ] || continue  # a database that is newer than the copy
    target=drill_$database
    ask --command="DROP DATABASE IF EXISTS \"$target\""
    ask --command="CREATE DATABASE \"$target\" OWNER \"${database}_owner\""
  fi
  restore "$database" "$target"
  if as_copied "$database" "$target"; then
    echo "$target is as it was copied at $stamp:"
  else
    echo "$target differs from its copy of $stamp:" >&2
    failed=1
  fi
  cat /tmp/contents
  [ "$MODE" = restore ] || ask --command="DROP DATABASE \"$target\""
done
exit $failed
