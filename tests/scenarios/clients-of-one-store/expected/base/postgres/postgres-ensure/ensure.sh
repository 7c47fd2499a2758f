# Waits for the server, then makes the roles and databases that the platform's bindings claim.
set -eu
until pg_isready -q -U "$PGUSER"; do sleep 2; done
exec psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --file /etc/platformc/ensure.sql
