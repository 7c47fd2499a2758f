-- Every statement may run again. A database is owned by a role of its own, which the roles that
-- log in act as: what one of them makes, all of them may change, and a new login changes no owner. A login is let in when
-- it acts as the owner: what it made before would be its own.
REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC;
SELECT 'CREATE ROLE "team_b_owner" NOLOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'team_b_owner') \gexec
SELECT 'CREATE DATABASE "team_b" OWNER "team_b_owner" TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'team_b') \gexec
REVOKE ALL ON DATABASE "team_b" FROM PUBLIC;
SELECT 'CREATE ROLE "tracking_a_owner" NOLOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tracking_a_owner') \gexec
SELECT 'CREATE DATABASE "tracking_a" OWNER "tracking_a_owner" TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'tracking_a') \gexec
REVOKE ALL ON DATABASE "tracking_a" FROM PUBLIC;
\getenv role ROLE_TRACKING_A_BACKEND_STORE
\getenv password PASSWORD_TRACKING_A_BACKEND_STORE
SELECT format('CREATE ROLE %I', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('GRANT "tracking_a_owner" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I IN DATABASE "tracking_a" SET role = %L', :'role', 'tracking_a_owner') \gexec
SELECT format('GRANT CONNECT ON DATABASE "tracking_a" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'role', :'password') \gexec
\getenv role ROLE_TRACKING_B_BACKEND_STORE
\getenv password PASSWORD_TRACKING_B_BACKEND_STORE
SELECT format('CREATE ROLE %I', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('GRANT "team_b_owner" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I IN DATABASE "team_b" SET role = %L', :'role', 'team_b_owner') \gexec
SELECT format('GRANT CONNECT ON DATABASE "team_b" TO %I', :'role') \gexec
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
