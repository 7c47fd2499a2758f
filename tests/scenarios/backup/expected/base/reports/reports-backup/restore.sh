# Restores a copy that fetch.sh found whole, and compares the result with the copy. MODE is `restore`, or
# `drill`: to scratch databases, which are dropped. A restore may run again: it skips each database that is
# as it was copied, and changes the others in one transaction.
set -eu
# Functions and operators are PostgreSQL's own: the clients of a database may have made others of the same names.
export PGOPTIONS='-c search_path=pg_catalog'
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
# Code of the clients runs while their rows come back: checks, indexes, triggers. So it runs in sessions of a login that
# may do what the owner of this database may do, and nothing else. Its password is of this run.
restorer=platformc_restore
password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
let_in() { # DATABASE TARGET
  ask --dbname="$2" >/dev/null <<SQL
SELECT 'CREATE ROLE $restorer' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$restorer') \gexec
SELECT format('REVOKE %I FROM $restorer', granted.rolname) FROM pg_auth_members
  JOIN pg_roles granted ON granted.oid = roleid WHERE member = '$restorer'::regrole \gexec
GRANT "$1_owner" TO $restorer;
SET password_encryption = 'scram-sha-256';
ALTER ROLE $restorer NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS LOGIN PASSWORD '$password';
SELECT format('ALTER SCHEMA %I OWNER TO "$1_owner"', nspname) FROM pg_namespace
  WHERE nspname !~ '^(pg_|information_schema)' AND NOT pg_has_role('$1_owner', nspowner, 'USAGE') \gexec
SQL
}
trap 'ask --command="ALTER ROLE $restorer NOLOGIN" >/dev/null 2>&1 || :' EXIT
restore() { # DATABASE TARGET
  let_in "$@"
  {
    echo 'SET client_min_messages = error;'
    echo "SET ROLE \"$1_owner\"; BEGIN;"
    ask --dbname="$2" --command="SELECT format('DROP SCHEMA %I CASCADE;', nspname) FROM pg_namespace
      WHERE nspname !~ '^(pg_|information_schema)'"
    echo 'CREATE SCHEMA public AUTHORIZATION pg_database_owner;'
    # It ends with COMMIT: where it breaks off, everything stays as it was.
    pg_restore --single-transaction --no-owner --no-privileges --role="$1_owner" --file=- "$1.dump"
  } | (export PGUSER=$restorer PGPASSWORD="$password" && ask --dbname="$2") >/dev/null
}
stamp=$(ls /backup)
cd "/backup/$stamp"
failed=0
if [ "$MODE" = restore ]; then
  same_platform ORIGIN
  not_newer ORIGIN "$(release)"
  for database in nightly; do
    [ -f "$database.dump" ] || { echo "$stamp has no copy of $database" >&2; exit 1; }
    held=$(tables "$database")
    [ -z "$held" ] || [ "${REPLACE:-}" = yes ] || as_copied "$database" "$database" || {
      echo "$database is not empty; with --replace a restore deletes these tables:" $held >&2
      exit 1
    }
  done
fi
for database in nightly; do
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
    ask --command="REVOKE ALL ON DATABASE \"$target\" FROM PUBLIC"
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
