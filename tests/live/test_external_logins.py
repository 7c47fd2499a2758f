"""Logins at a PostgreSQL outside: the SQL that `prerequisites` prints, and a password that no URI takes.

The server runs here. `\\password` and `\\prompt`, which ask a person, are answered by the test; the
client is SQLAlchemy, with the URI and the variables of MLflow's compiled pod.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from glob import glob
from pathlib import Path

import pytest

from live.platforms import Platform, platformc
from live.pods.images import HOME
from live.pods.objects import pod_template
from live.test_authorities import NOBODY, free_port, run

pytestmark = pytest.mark.live

BINARIES = Path(max(glob("/usr/lib/postgresql/*/bin")))
PASSWORD = "p@ss/w#rd?&%41 '\\\""
WORK = """
import os, sqlalchemy
engine = sqlalchemy.create_engine(os.environ["MLFLOW_BACKEND_STORE_URI"])
with engine.begin() as connection:
    connection.execute(sqlalchemy.text("CREATE TABLE runs (id int)"))
    owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'runs'"
    print(connection.execute(sqlalchemy.text(owner)).scalar())
"""
SPEC = """\
  components:
    external-postgres: {{host: server.example.internal, port: {port}, sslmode: disable{credentials}}}
    seaweedfs: {{}}
    mlflow: {{}}
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))  # others must be able to enter it
    run("chown", f"{NOBODY}:{NOBODY}", folder)
    number = free_port()
    as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    (folder / "password").write_text("administrator")
    run("chown", f"{NOBODY}:{NOBODY}", folder / "password")
    run(*as_nobody, BINARIES / "initdb", "-D", folder / "data", "-U", "administrator", "-A",
        "scram-sha-256", f"--pwfile={folder / 'password'}", cwd=folder)  # fmt: skip
    server = subprocess.Popen(
        [*as_nobody, BINARIES / "postgres", "-D", folder / "data", "-p", str(number), "-k", folder],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    ready: list[str | Path] = [BINARIES / "pg_isready", "-q", "-h", "localhost", "-p", str(number)]
    while subprocess.run(ready, check=False).returncode:
        time.sleep(0.2)
    yield number
    server.terminate()
    server.wait()
    shutil.rmtree(folder)


def administrate(port: int, sql: str) -> None:
    environment = {**os.environ, "PGPASSWORD": "administrator"}
    psql: list[str | Path] = [BINARIES / "psql", "-X", "-q", "-h", "localhost", "-p", str(port), "-U", "administrator",
            "-d", "postgres", "-v", "ON_ERROR_STOP=1"]  # fmt: skip
    run(*psql, input=sql, env=environment)


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def answered(platform: Platform, role: str) -> str:
    """The printed SQL, with the answers of a person."""
    printed = platformc("prerequisites", "default", directory=platform.directory)
    lines = printed.partition("makes\n")[2].splitlines()
    text = ""
    for line in lines:
        if line.startswith("\\password"):
            line = f'ALTER ROLE :"login" PASSWORD {literal(PASSWORD)};'
        elif line.startswith("\\prompt"):
            line = f"\\set login {role}"
        text += f"{line}\n"
    return text


@pytest.mark.parametrize("exists", [False, True])
def test_the_printed_sql_makes_logins_that_work(port: int, tmp_path: Path, *, exists: bool) -> None:
    credentials = ", credentials: {secret: acme, keys: {username: user, password: pass}}"
    platform = Platform(tmp_path / "platform").write(
        SPEC.format(port=port, credentials=credentials if exists else "")
    )
    objects = platform.compile()
    if exists:
        administrate(
            port, "DROP DATABASE mlflow; DROP OWNED BY mlflow_owner; DROP ROLE mlflow_owner;"
        )
        administrate(port, f"CREATE ROLE company LOGIN PASSWORD {literal(PASSWORD)};")
    role = "company" if exists else "mlflow-backend-store"
    administrate(port, answered(platform, role))
    (server,) = (manifest for manifest in objects if manifest["kind"] == "Deployment"
                 and manifest["metadata"]["name"] == "mlflow")  # fmt: skip
    (container,) = pod_template(server)["spec"]["containers"]
    env = {variable["name"]: variable.get("value") for variable in container["env"]}
    # A spec names no loopback address; the server of this test runs on one.
    uri = env["MLFLOW_BACKEND_STORE_URI"].replace("server.example.internal", "localhost")
    values = {"MLFLOW_BACKEND_STORE_URI": uri}
    if exists:
        values |= {"PGUSER": role, "PGPASSWORD": PASSWORD}
    else:
        # The password of a login that platformc names is of letters and digits.
        administrate(port, f"ALTER ROLE \"{role}\" PASSWORD 'abc123';")
        for name, text in {"USERNAME": role, "PASSWORD": "abc123"}.items():
            uri = uri.replace(f"$(BACKEND_STORE_{name})", text)
        values["MLFLOW_BACKEND_STORE_URI"] = uri
    python = HOME / "venvs/mlflow/bin/python"
    process = subprocess.run(
        [python, "-c", WORK], capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], **values},
    )  # fmt: skip
    assert process.stdout == "mlflow_owner\n", process.stderr


ADOPTED = """\
  components:
    postgres: {adopt: {service: pg, secret: pg-admin}}
    seaweedfs: {}
    mlflow: {smoke: false, adopt: {database: tracking}}
"""
ALTER = """
BEGIN; ALTER TABLE runs ADD name text; INSERT INTO runs VALUES (2, 'second'); CREATE TABLE tags (id int); COMMIT;
SELECT string_agg(id::text, ',' ORDER BY id) FROM runs;
"""


def query(port: int, login: str, sql: str) -> str:
    psql: list[str | Path] = [BINARIES / "psql", "-X", "-q", "-t", "-A", "-h", "localhost", "-p", str(port), "-U", login,
            "-d", "tracking", "-v", "ON_ERROR_STOP=1"]  # fmt: skip
    environment = {**os.environ, "PGPASSWORD": "abc123"}
    process = subprocess.run(psql, input=sql, env=environment, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()


@pytest.mark.parametrize("login", ["mlflow-backend-store", "hand"])
def test_an_adopted_database_opens_for_new_logins_and_for_its_owner(
    port: int, tmp_path: Path, login: str
) -> None:
    """The tables belong to `hand`, which made them; the Secret's user name may be `hand` too."""
    administrate(port, "DROP DATABASE IF EXISTS tracking;\nDROP ROLE IF EXISTS hand;")
    administrate(port, "CREATE ROLE hand;\nCREATE DATABASE tracking OWNER hand;")
    administrate(
        port,
        "\\connect tracking\nSET ROLE hand; CREATE TABLE runs (id int); INSERT INTO runs VALUES (1);",
    )
    platform = Platform(tmp_path / "platform").write(ADOPTED)
    (ensure,) = (
        manifest["data"]["ensure.sql"]
        for manifest in platform.compile()
        if manifest["kind"] == "ConfigMap" and manifest["metadata"]["name"] == "postgres-ensure"
    )
    sets = f"\\setenv ROLE_MLFLOW_BACKEND_STORE {login}\n\\setenv PASSWORD_MLFLOW_BACKEND_STORE abc123\n"
    for _ in range(2):  # it may run again
        administrate(port, sets + ensure)
    assert query(port, login, ALTER) == "1,2"
