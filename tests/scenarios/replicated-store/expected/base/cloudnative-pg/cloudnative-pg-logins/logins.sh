# Waits for each login and its database, then makes its sessions act as the database's owner.
set -eu
session() { # USERNAME PASSWORD DATABASE
  export PGUSER="$1" PGPASSWORD="$2" PGDATABASE="$3"
  until psql --no-psqlrc --quiet --command 'SELECT' >/dev/null; do sleep 5; done
}
settle() {
  session "$@"
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set database="$3" --set owner="$3_owner" <<'SQL'
SET ROLE :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
RESET ROLE;
ALTER ROLE CURRENT_USER IN DATABASE :"database" SET role = :'owner';
SQL
}
settle "$USERNAME_MLFLOW_BACKEND_STORE" "$PASSWORD_MLFLOW_BACKEND_STORE" 'mlflow'
settle "$USERNAME_SEAWEEDFS_METADATA" "$PASSWORD_SEAWEEDFS_METADATA" 'seaweedfs'
