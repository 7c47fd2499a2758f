-- Every statement may run again. A database is owned by a role of its own, which the roles that
-- log in act as: what one of them makes, all of them may change, and a new login changes no owner. A login is let in when
-- it acts as the owner: what it made before would be its own.
REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC;
SELECT 'CREATE ROLE "argo_workflows_owner" NOLOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'argo_workflows_owner') \gexec
SELECT 'CREATE DATABASE "argo_workflows" OWNER "argo_workflows_owner" TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'argo_workflows') \gexec
REVOKE ALL ON DATABASE "argo_workflows" FROM PUBLIC;
SELECT 'CREATE ROLE "feast_owner" NOLOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'feast_owner') \gexec
SELECT 'CREATE DATABASE "feast" OWNER "feast_owner" TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'feast') \gexec
REVOKE ALL ON DATABASE "feast" FROM PUBLIC;
SELECT 'CREATE ROLE "lakefs_owner" NOLOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lakefs_owner') \gexec
SELECT 'CREATE DATABASE "lakefs" OWNER "lakefs_owner" TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'lakefs') \gexec
REVOKE ALL ON DATABASE "lakefs" FROM PUBLIC;
SELECT 'CREATE ROLE "mlflow_owner" NOLOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mlflow_owner') \gexec
SELECT 'CREATE DATABASE "mlflow" OWNER "mlflow_owner" TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'mlflow') \gexec
REVOKE ALL ON DATABASE "mlflow" FROM PUBLIC;
\getenv role ROLE_ARGO_WORKFLOWS_ARCHIVE
\getenv password PASSWORD_ARGO_WORKFLOWS_ARCHIVE
SELECT format('CREATE ROLE %I', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('GRANT "argo_workflows_owner" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I IN DATABASE "argo_workflows" SET role = %L', :'role', 'argo_workflows_owner') \gexec
SELECT format('GRANT CONNECT ON DATABASE "argo_workflows" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'role', :'password') \gexec
\getenv role ROLE_CHURN_TRAINING_FEAST_REGISTRY
\getenv password PASSWORD_CHURN_TRAINING_FEAST_REGISTRY
SELECT format('CREATE ROLE %I', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('GRANT "feast_owner" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I IN DATABASE "feast" SET role = %L', :'role', 'feast_owner') \gexec
SELECT format('GRANT CONNECT ON DATABASE "feast" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'role', :'password') \gexec
\getenv role ROLE_FEAST_REGISTRY
\getenv password PASSWORD_FEAST_REGISTRY
SELECT format('CREATE ROLE %I', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('GRANT "feast_owner" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I IN DATABASE "feast" SET role = %L', :'role', 'feast_owner') \gexec
SELECT format('GRANT CONNECT ON DATABASE "feast" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'role', :'password') \gexec
\getenv role ROLE_LAKEFS_METADATA
\getenv password PASSWORD_LAKEFS_METADATA
SELECT format('CREATE ROLE %I', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('GRANT "lakefs_owner" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I IN DATABASE "lakefs" SET role = %L', :'role', 'lakefs_owner') \gexec
SELECT format('GRANT CONNECT ON DATABASE "lakefs" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'role', :'password') \gexec
\getenv role ROLE_MLFLOW_BACKEND_STORE
\getenv password PASSWORD_MLFLOW_BACKEND_STORE
SELECT format('CREATE ROLE %I', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('GRANT "mlflow_owner" TO %I', :'role') \gexec
SELECT format('ALTER ROLE %I IN DATABASE "mlflow" SET role = %L', :'role', 'mlflow_owner') \gexec
SELECT format('GRANT CONNECT ON DATABASE "mlflow" TO %I', :'role') \gexec
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
