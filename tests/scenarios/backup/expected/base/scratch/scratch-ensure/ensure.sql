-- Every statement may run again. A database is owned by a role of its own, which the roles that
-- log in act as: what one of them makes, all of them may change, and a new login changes no owner. A login is let in when
-- it acts as the owner: what it made before would be its own.
REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC;
SELECT 'CREATE ROLE "trial_owner" NOLOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'trial_owner') \gexec
SELECT 'CREATE DATABASE "trial" OWNER "trial_owner" TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'trial') \gexec
REVOKE ALL ON DATABASE "trial" FROM PUBLIC;
\getenv role ROLE_TRIAL_SCRATCH
\getenv password PASSWORD_TRIAL_SCRATCH
SELECT format('CREATE ROLE %I', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('GRANT "trial_owner" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I IN DATABASE "trial" SET role = %L', :'role', 'trial_owner') \gexec
SELECT format('GRANT CONNECT ON DATABASE "trial" TO %I', :'role') \gexec
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
