# Copies every database of postgres to successor; with DIRECTION=back, the other way. With FREEZE=yes the
# original takes no more writes, and the copy is compared with it. May run again until it is finished.
set -eu
. /etc/platformc/contents.sh
began=$(date +%s)
source=from target=to from=postgres to=successor
[ "${DIRECTION:-}" != back ] || { source=to target=from from=successor to=postgres; }
umask 077
service() { # NAME HOST PORT DATABASE SSLMODE USER PASSWORD
  printf '[%s]\nhost=%s\nport=%s\ndbname=%s\nsslmode=%s\nuser=%s\npassword=%s\n' "$@"
}
{
  service from-nightly postgres.mlops.svc.cluster.local 5432 nightly disable "$ROLE_FROM_NIGHTLY" "$PASSWORD_FROM_NIGHTLY"
  service to-nightly successor-rw.mlops.svc.cluster.local 5432 nightly require "$ROLE_TO_NIGHTLY" "$PASSWORD_TO_NIGHTLY"
} >"$PGSERVICEFILE"
ask() { # SERVICE SQL
  psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname="service=$1" --command="$2"
}
# A node may refuse the connections of a new pod until its network policies include it.
for server in from-nightly to-nightly; do
  tries=1
  until ask "$server" SELECT >/dev/null 2>/tmp/refused; do
    [ "$tries" -lt 12 ] || { cat /tmp/refused >&2; exit 1; }
    tries=$((tries + 1))
    sleep 5
  done
done
# pg_dump sets what older servers lack (`transaction_timeout`, of 17), in its first lines.
for_older() { sed '1,30{/^SET transaction_timeout = 0;$/d}'; }
major() { ask "$1" "SELECT current_setting('server_version_num')::int / 10000"; }
mark() { ask "$1" "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"; }
set_mark() { # SERVICE DATABASE TEXT
  ask "$1" "COMMENT ON DATABASE \"$2\" IS '$3'"
}
tables() {
  ask "$1" "SELECT format('%s.%s', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname !~ '^(pg_|information_schema)' ORDER BY 1"
}
sessions() { # of others, but for superusers, who run the server
  ask "$1" "SELECT format('%s (%s)', usename, count(*)) FROM pg_stat_activity JOIN pg_roles ON rolname = usename
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND NOT rolsuper GROUP BY usename ORDER BY 1"
}
# The statements that delete everything that the copy will make, but for the parts of extensions and the
# sequences of identities, which go with their owners. (Columns of a partition's key depend on their table.)
emptying() {
  ask "$1" "SELECT format('DROP %s IF EXISTS %s CASCADE;', kind, name) FROM (
    SELECT oid, CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
      WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END, oid::regclass::text
      FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
    UNION ALL SELECT oid, 'ROUTINE', oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT oid, 'TYPE', oid::regtype::text FROM pg_type
      WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r')
    UNION ALL SELECT oid, 'SCHEMA', quote_ident(nspname) FROM pg_namespace
      WHERE nspname !~ '^(pg_|information_schema)' AND nspname <> 'public'
  ) AS object(oid, kind, name)
  WHERE NOT EXISTS (SELECT FROM pg_depend WHERE objid = object.oid AND objsubid = 0 AND deptype IN ('e', 'i'))"
}
freeze() { # DATABASE: no new session writes, and there is none of before
  ask "$source-$1" "ALTER DATABASE \"$1\" SET default_transaction_read_only = on"
  tries=0
  used=$(sessions "$source-$1")  # outside of a condition, in which a failure would pass for nobody
  while [ -n "$used" ]; do
    tries=$((tries + 1))
    [ $tries -lt 12 ] || { echo "$1 of $from is still used by" $used "- stop them, and run this again" >&2; exit 1; }
    sleep 5
    used=$(sessions "$source-$1")
  done
}
# Whether all of it can be copied is known before anything is written.
undone=
for database in nightly; do
  # The way back ends in one transaction or changes nothing, where the older server lacks what the dump needs.
  [ "${DIRECTION:-}" = back ] || [ "$(major "$target-$database")" -ge "$(major "$source-$database")" ] || {
    echo "$to is a PostgreSQL $(major "$target-$database"), and $from is newer: name an image of $(major "$source-$database") or newer for $to" >&2
    exit 1
  }
  if [ "${DIRECTION:-}" = back ] && [ "$(mark "$source-$database")" = "platformc: copied from $to" ]; then
    undone="$undone $database "  # the new server never took its place: the old one has everything
    continue
  fi
  held=$(tables "$target-$database")
  case "$(mark "$target-$database")" in
    "platformc: copied from $from" | "platformc: moved to $from") continue ;;
    "platformc: moved from $from")
      [ "${REPLACE:-}" = yes ] || {
        echo "$to has taken the place of $from already, and may hold more than $from; --back is the way back" >&2
        exit 1
      } ;;
  esac
  [ -z "$held" ] || [ "${REPLACE:-}" = yes ] || {
    echo "$database of $to is not empty; with --replace the move deletes these tables:" $held >&2
    exit 1
  }
done
for database in nightly; do
  ask "$target-$database" "ALTER DATABASE \"$database\" RESET default_transaction_read_only"
  case "$undone" in *" $database "*)
    echo "$database of $from never took the place of that of $to, which takes writes again"
    continue ;;
  esac
  [ "${FREEZE:-}" != yes ] || freeze "$database"
  pg_dump --format=custom --file="/backup/$database.dump" "service=$source-$database"
  contents "/backup/$database.dump" >"/tmp/$database.contents"
  {
    echo 'SET client_min_messages = error; BEGIN;'
    emptying "$target-$database"
    # It ends with COMMIT: where it breaks off, everything stays as it was.
    pg_restore --single-transaction --no-owner --no-privileges --file=- "/backup/$database.dump" | for_older
  } | psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname="service=$target-$database" >/dev/null
  pg_dump --format=custom --compress=0 "service=$target-$database" | contents >/tmp/contents
  cmp -s "/tmp/$database.contents" /tmp/contents || {
    echo "$database of $to differs from that of $from:" >&2
    cat "/tmp/$database.contents" /tmp/contents >&2
    exit 1
  }
  rm /backup/*.dump
  if [ "${FREEZE:-}" = yes ]; then
    set_mark "$source-$database" "$database" "platformc: moved to $to"
    set_mark "$target-$database" "$database" "platformc: moved from $from"
  else
    set_mark "$target-$database" "$database" "platformc: copied from $from"
  fi
  echo "$database of $to is as that of $from:"
  cat /tmp/contents
done
echo "copied from $from to $to in $(($(date +%s) - began)) s"
