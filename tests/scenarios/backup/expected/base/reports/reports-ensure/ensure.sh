# Waits for the server, then makes the roles and databases that the platform's bindings claim.
set -eu
# Functions and operators are PostgreSQL's own: the clients of a database may have made others of the same names.
export PGOPTIONS='-c search_path=pg_catalog'
until pg_isready -U "$PGUSER"; do sleep 2; done
exec psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --file /etc/platformc/ensure.sql
