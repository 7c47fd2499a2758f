# Tries the archive cloudnative-pg: restores its newest base backup and the log after it to this pod's own disk, starts a server
# that only this pod reaches, and reads every database of it to its end. The key reads the archive and changes nothing.
set -eu
fail() { printf '%s\n' "$@" >&2; exit 1; }
again="make a base backup now: kubectl cnpg backup cloudnative-pg -n mlops --method=plugin --plugin-name=barman-cloud.cloudnative-pg.io"
ask() { # DATABASE QUERY
  psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname="$1" --command="$2"
}
time_of() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }
server_log() { grep -E 'FATAL|PANIC|ERROR|WARNING|cannot be fetched' /tmp/server.log | grep -v 'not accepting connections' | tail -n 20 >&2; }

command -v barman-cloud-restore >/dev/null ||
  fail "this image has no Barman: name one that has it, \`backup: {drill: {image: ...}}\` in the section of cloudnative-pg"

barman-cloud-backup-list --format json --cloud-provider aws-s3 --endpoint-url http://seaweedfs.mlops.svc.cluster.local:8333 s3://cloudnative-pg-backups/ cloudnative-pg >/tmp/backups || fail "the archive cloudnative-pg cannot be read, as the line above says: look at the key in the Secret of this pod and at the store; an image with an older Barman than the plugin's reads no archive of it"
newest=$(python3 /etc/platformc/newest.py cloudnative-pg-backups cloudnative-pg </tmp/backups)
[ -n "$newest" ] || fail "the archive cloudnative-pg has no complete base backup, so nothing can be restored from it: kubectl get backups -n mlops says why; then $again"
read -r backup ended last <<END
$newest
END
age=$(($(date +%s) - ended))
[ "$age" -le 108000 ] ||
  fail "the newest base backup $backup is of $(time_of "$ended"), $((age / 3600)) h ago, and by its schedule it is at most 30 h old:" \
    "kubectl get scheduledbackups,backups -n mlops says why; then $again"
echo "the newest base backup is $backup, of $(time_of "$ended"); the log ends with $last"

barman-cloud-restore --cloud-provider aws-s3 --endpoint-url http://seaweedfs.mlops.svc.cluster.local:8333 s3://cloudnative-pg-backups/ cloudnative-pg "$backup" "$PGDATA" ||
  fail "the base backup $backup does not come back: its files are missing, cut off or changed." \
    "Until there is another, only older ones can be restored: $again, and find out what else writes to the bucket cloudnative-pg-backups"

# The server's own settings name sockets, certificates and commands of its old pod, and a standby never ends its replay.
chmod 700 "$PGDATA"
rm -f "$PGDATA/standby.signal"
: >"$PGDATA/postgresql.auto.conf"
: >"$PGDATA/recovery.signal"
cp /etc/platformc/drill.conf /restored/postgresql.conf
echo 'local all all trust' >/restored/pg_hba.conf
: >/restored/fetched
# Prepared transactions are replayed only up to the number that the server allowed; and each table that is read takes a lock.
set_as() { pg_controldata "$PGDATA" | sed -n "s/^$1 setting: *//p"; }
{
  echo "max_prepared_transactions = $(set_as max_prepared_xacts)"
  echo "max_locks_per_transaction = $(set_as max_locks_per_xact)"
} >>/restored/postgresql.conf
trap 'pg_ctl stop --mode=immediate --silent >/dev/null 2>&1 || :' EXIT
# Up to the end of the log it accepts no connection, and pg_ctl does not wait for that.
pg_ctl start --silent --log=/tmp/server.log --options="-c config_file=/restored/postgresql.conf" >/dev/null &&
  until pg_isready --quiet; do
    pg_ctl status >/dev/null || break
    sleep 1
  done
pg_isready --quiet || {
  server_log
  fail "the server does not come up from $backup and the log after it: a file of the log is missing or damaged, or the store did not answer." \
    "If the store answers, only older base backups can be restored: $again"
}
# What a gap leaves out is lost without an error: to the server, the log ends there.
reached=$(grep -E '^[0-9A-F]{24}$' /restored/fetched | sort | tail -n 1)
grep -qx "$last" /restored/fetched || {
  server_log
  fail "the log breaks off after ${reached:-its beginning}, and the archive has it up to $last: a file between them is missing." \
    "No moment after the gap can be restored from $backup: $again, and find out what deletes objects from the bucket cloudnative-pg-backups"
}
transaction=$(ask postgres "SELECT extract(epoch FROM pg_last_xact_replay_timestamp())::bigint")
if [ -n "$transaction" ]; then
  echo "the last transaction is of $(time_of "$transaction")"
else
  echo "no transaction has come after the base backup"
fi

failed=0
missing() { echo "$1, which the platform has in cloudnative-pg, is not in the archive: if it is gone in the cluster too, restore an earlier moment" >&2; failed=1; }
for role in mlflow_owner mlflow-backend-store; do
  [ -n "$(ask postgres "SELECT 1 FROM pg_roles WHERE rolname = '$role'")" ] || missing "the role $role"
done
for database in mlflow; do
  [ -n "$(ask postgres "SELECT 1 FROM pg_database WHERE datname = '$database'")" ] || missing "the database $database"
done
tables() { # DATABASE
  ask "$1" "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname !~ '^(pg_|information_schema)'"
}
for database in mlflow; do
  # A database that is not there is named above.
  [ -z "$(ask postgres "SELECT 1 FROM pg_database WHERE datname = '$database'")" ] || [ "$(tables "$database")" != 0 ] || {
    echo "the database $database has no table in the archive, and its component has made some: look at $database in the cluster, and restore an earlier moment if they are gone there" >&2
    failed=1
  }
done
for database in $(ask postgres "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"); do
  if pg_dump --dbname="$database" >/dev/null; then
    echo "$database: $(tables "$database") tables are read to their ends"
  else
    echo "$database cannot be read to its end: restore an earlier base backup by hand and compare, and $again" >&2
    failed=1
  fi
done
if [ -n "$(ask postgres "SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'")" ]; then
  # A dump reads no index.
  if pg_amcheck --all --install-missing; then
    echo "tables and indexes are sound, by amcheck"
  else
    echo "tables or indexes are damaged, as amcheck says: ask the same of the cluster itself (pg_amcheck); where it is sound, $again" >&2
    failed=1
  fi
fi
exit $failed
