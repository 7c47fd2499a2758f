# Waits for each login and its database, then makes its sessions act as the database's owner.
set -eu
# A database that a move has left takes no writes, but these.
export PGOPTIONS='-c default_transaction_read_only=off'
session() { # USERNAME PASSWORD DATABASE
  export PGUSER="$1" PGPASSWORD="$2" PGDATABASE="$3"
  until psql --no-psqlrc --quiet --command 'SELECT' >/dev/null; do sleep 5; done
}
settle() {
  session "$@"
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set database="$3" --set owner="$3_owner" <<'SQL'
SET ROLE :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SET ROLE NONE;
SELECT NOT EXISTS (SELECT FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase JOIN pg_roles r ON r.oid = setrole
    WHERE rolname = current_user AND datname = current_database() AND 'role=' || :'owner' = ANY (setconfig))
  OR EXISTS (SELECT FROM pg_shdepend JOIN pg_database d ON d.oid = dbid JOIN pg_roles r ON r.oid = refobjid
    WHERE rolname = current_user AND datname = current_database() AND refclassid = 'pg_authid'::regclass AND deptype = 'o') AS early \gset
ALTER ROLE CURRENT_USER IN DATABASE :"database" SET role = :'owner';
\if :early
-- A session that began before would go on making what is the login's own, and closed to the owner.
SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
  WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid() \g /dev/null
REASSIGN OWNED BY CURRENT_USER TO :"owner";
\endif
SQL
}
settle "$USERNAME_ABLATIONS_BACKEND_STORE" "$PASSWORD_ABLATIONS_BACKEND_STORE" 'mlflow'
settle "$USERNAME_MLFLOW_BACKEND_STORE" "$PASSWORD_MLFLOW_BACKEND_STORE" 'mlflow'
