-- Every statement may run again. A database is owned by a role of its own, which the roles that
-- log in act as: what one of them makes, all of them may change, and a new login changes no owner. A login is let in when
-- it acts as the owner: what it made before would be its own.
REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC;
SELECT 'CREATE ROLE "mlflow_prod_owner" NOLOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mlflow_prod_owner') \gexec
SELECT 'CREATE DATABASE "mlflow_prod" OWNER "mlflow_prod_owner" TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'mlflow_prod') \gexec
REVOKE ALL ON DATABASE "mlflow_prod" FROM PUBLIC;
SELECT 'CREATE ROLE "registry_owner" NOLOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'registry_owner') \gexec
SELECT 'CREATE DATABASE "registry" OWNER "registry_owner" TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'registry') \gexec
REVOKE ALL ON DATABASE "registry" FROM PUBLIC;
-- What the owner of an adopted database made in it, the new logins may change as well. A superuser is granted to no role.
SELECT format('GRANT %I TO "mlflow_prod_owner"', rolname) FROM pg_database JOIN pg_roles owner ON owner.oid = datdba
  WHERE datname = 'mlflow_prod' AND rolname <> 'mlflow_prod_owner' AND NOT rolsuper \gexec
SELECT format('GRANT %I TO "registry_owner"', rolname) FROM pg_database JOIN pg_roles owner ON owner.oid = datdba
  WHERE datname = 'registry' AND rolname <> 'registry_owner' AND NOT rolsuper \gexec
\getenv role ROLE_FEAST_REGISTRY
\getenv password PASSWORD_FEAST_REGISTRY
SELECT format('CREATE ROLE %I', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('GRANT "registry_owner" TO %I', :'role') WHERE :'role' <> (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'registry') \gexec
SELECT format('ALTER ROLE %I IN DATABASE "registry" SET role = %L', :'role', 'registry_owner') WHERE :'role' <> (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'registry') \gexec
SELECT format('GRANT CONNECT ON DATABASE "registry" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'role', :'password') \gexec
\getenv role ROLE_TRACKING_BACKEND_STORE
\getenv password PASSWORD_TRACKING_BACKEND_STORE
SELECT format('CREATE ROLE %I', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('GRANT "mlflow_prod_owner" TO %I', :'role') WHERE :'role' <> (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'mlflow_prod') \gexec
SELECT format('ALTER ROLE %I IN DATABASE "mlflow_prod" SET role = %L', :'role', 'mlflow_prod_owner') WHERE :'role' <> (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'mlflow_prod') \gexec
SELECT format('GRANT CONNECT ON DATABASE "mlflow_prod" TO %I', :'role') \gexec
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
