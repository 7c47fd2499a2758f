-- Every statement may run again. A database is owned by a role of its own, which the roles that
-- log in act as: what one of them makes, all of them may change, and a new login changes no owner. A login is let in when
-- it acts as the owner: what it made before would be its own.
REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC;
SELECT 'CREATE ROLE "feast_owner" NOLOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'feast_owner') \gexec
SELECT 'CREATE DATABASE "feast" OWNER "feast_owner" TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'feast') \gexec
REVOKE ALL ON DATABASE "feast" FROM PUBLIC;
SELECT 'CREATE ROLE "feast_b_owner" NOLOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'feast_b_owner') \gexec
SELECT 'CREATE DATABASE "feast_b" OWNER "feast_b_owner" TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'feast_b') \gexec
REVOKE ALL ON DATABASE "feast_b" FROM PUBLIC;
\getenv role ROLE_FEAST_B_REGISTRY
\getenv password PASSWORD_FEAST_B_REGISTRY
SELECT format('CREATE ROLE %I', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('GRANT "feast_b_owner" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I IN DATABASE "feast_b" SET role = %L', :'role', 'feast_b_owner') \gexec
SELECT format('GRANT CONNECT ON DATABASE "feast_b" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'role', :'password') \gexec
\getenv role ROLE_FEAST_REGISTRY
\getenv password PASSWORD_FEAST_REGISTRY
SELECT format('CREATE ROLE %I', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('GRANT "feast_owner" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I IN DATABASE "feast" SET role = %L', :'role', 'feast_owner') \gexec
SELECT format('GRANT CONNECT ON DATABASE "feast" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'role', :'password') \gexec
\getenv role ROLE_TRAINING_FEAST_REGISTRY
\getenv password PASSWORD_TRAINING_FEAST_REGISTRY
SELECT format('CREATE ROLE %I', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('GRANT "feast_owner" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I IN DATABASE "feast" SET role = %L', :'role', 'feast_owner') \gexec
SELECT format('GRANT CONNECT ON DATABASE "feast" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'role', :'password') \gexec
-- The login of the exporter, where the platform is monitored.
\getenv exporter EXPORTER
\getenv exporter_password EXPORTER_PASSWORD
\if :{?exporter_password}
SELECT format('CREATE ROLE %I', :'exporter')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'exporter') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'exporter', :'exporter_password') \gexec
SELECT format('GRANT pg_monitor TO %I', :'exporter') \gexec
SELECT format('GRANT CONNECT ON DATABASE postgres TO %I', :'exporter') \gexec
\endif
