# Waits for the server, then makes the databases and users that the platform's bindings claim.
# Every statement may run again; the next run takes a new password over, and lets a locked user in again.
set -eu
until mysql --user=root --execute='SELECT 1' >/dev/null 2>/tmp/error; do
  tail -n 1 /tmp/error
  sleep 2
done
text() { # as a string of SQL
  local value=${1//\\/\\\\}
  printf "'%s'" "${value//\'/\\\'}"
}
database() { # NAME
  echo "CREATE DATABASE IF NOT EXISTS \`$1\`;"
}
user() { # DATABASE PLUGIN USER PASSWORD
  echo "CREATE USER IF NOT EXISTS $(text "$3")@'%' IDENTIFIED WITH $2 BY $(text "$4");"
  echo "ALTER USER $(text "$3")@'%' IDENTIFIED WITH $2 BY $(text "$4") ACCOUNT UNLOCK;"
  # In a grant `_` stands for any character.
  echo "GRANT ALL PRIVILEGES ON \`${1//_/\\_}\`.* TO $(text "$3")@'%';"
}
exporter() { # USER PASSWORD, from the pod itself alone
  echo "CREATE USER IF NOT EXISTS $(text "$1")@'127.0.0.1' IDENTIFIED BY $(text "$2") WITH MAX_USER_CONNECTIONS 3;"
  echo "ALTER USER $(text "$1")@'127.0.0.1' IDENTIFIED BY $(text "$2") ACCOUNT UNLOCK;"
  echo "GRANT PROCESS, REPLICATION CLIENT ON *.* TO $(text "$1")@'127.0.0.1';"
  echo "GRANT SELECT ON performance_schema.* TO $(text "$1")@'127.0.0.1';"
}
reader() { # USER PASSWORD
  echo "CREATE USER IF NOT EXISTS $(text "$1")@'%' IDENTIFIED BY $(text "$2");"
  echo "ALTER USER $(text "$1")@'%' IDENTIFIED BY $(text "$2") ACCOUNT UNLOCK;"
  # Earlier releases of platformc granted it every database, with those of MySQL itself.
  echo "REVOKE ALL PRIVILEGES, GRANT OPTION FROM $(text "$1")@'%';"
  echo "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON \`metadb\`.* TO $(text "$1")@'%';"
  echo "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON \`mlpipeline\`.* TO $(text "$1")@'%';"
}
{
  database metadb
  database mlpipeline
  user metadb mysql_native_password "$USER_KUBEFLOW_PIPELINES_METADATA" "$PASSWORD_KUBEFLOW_PIPELINES_METADATA"
  user mlpipeline caching_sha2_password "$USER_KUBEFLOW_PIPELINES_PIPELINES" "$PASSWORD_KUBEFLOW_PIPELINES_PIPELINES"
  [ -z "${READER:-}" ] || reader "$READER" "$READER_PASSWORD"
  [ -z "${EXPORTER:-}" ] || exporter "$EXPORTER" "$EXPORTER_PASSWORD"
} | mysql --user=root
echo "databases and users are ready"
