"""A PostgreSQL, a MySQL and a Redis that demand a certificate of their clients, and clients as they are compiled.

The servers and PgBouncer run here. The files lie as the kubelet lays them in a pod: root owns them,
and the group is the pod's `fsGroup`. psql and PgBouncer run as the pod's user; only the paths and
the host are others than the compiled ones.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from glob import glob
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.kube.client_certificates import MODE
from compiler.kube.security import USER
from compiler.model.client_certificate import FOLDER
from live.platforms import Manifest, Platform
from live.pods.images import HOME
from live.pods.objects import pod_template
from live.test_authorities import NOBODY, SERVER, free_port, run, signed

pytestmark = pytest.mark.live

BINARIES = Path(max(glob("/usr/lib/postgresql/*/bin")))
PROVIDERS = ("external-postgres", "external-redis", "external-mysql")
SPEC = """\
  components:
    seaweedfs: {{}}
    external-postgres: {{host: {host}, port: {port}, ca: {{configMap: acme}}, clientCertificate: {{secret: acme-client}}}}
    external-redis: {{host: {host}, port: {redis}, ca: {{configMap: acme}}, clientCertificate: {{secret: acme-client}}}}
    external-mysql: {{host: {host}, port: {rows}, ca: {{configMap: acme}}, clientCertificate: {{secret: acme-client}}}}
    pgbouncer: {{}}
    mlflow: {{smoke: false, bind: {{backend-store: external-postgres}}}}
    lakefs: {{bind: {{metadata: external-postgres}}}}
    feast: {{offlineStore: file, bind: {{registry: pgbouncer}}}}
  workloads:
    reports: {{image: registry.example.internal/reports:1.0.0, uses: [external-postgres, external-redis, external-mysql]}}
"""
DATABASES = ("reports", "mlflow", "lakefs", "feast")
ALCHEMY = """
import os, sqlalchemy
engine = sqlalchemy.create_engine(os.environ["MLFLOW_BACKEND_STORE_URI"])
with engine.connect() as connection:
    print(connection.execute(sqlalchemy.text("SELECT current_database()")).scalar())
"""
# PyMySQL takes no variables: a program hands it the compiled ones.
PYMYSQL = """
import os, pymysql
names = {"host": "HOST", "user": "USER", "password": "PASSWORD", "database": "DATABASE",
         "ssl_ca": "SSL_CA", "ssl_cert": "SSL_CERT", "ssl_key": "SSL_KEY"}
values = {key: os.environ[f"MYSQL_{name}"] for key, name in names.items() if f"MYSQL_{name}" in os.environ}
verified = os.environ["MYSQL_SSL_MODE"] == "VERIFY_IDENTITY"
port = int(os.environ["MYSQL_TCP_PORT"])
connection = pymysql.connect(port=port, ssl_verify_cert=verified, ssl_verify_identity=verified, **values)
with connection, connection.cursor() as cursor:
    cursor.execute("SELECT database()")
    print(cursor.fetchone())
"""
REDIS = "import os, redis; print(redis.from_url(os.environ['REDIS_URL']).ping())"
# Feast's own client, of the compiled section, as its online store opens it.
FEAST = """
import json, sys
from feast.infra.online_stores.redis import RedisOnlineStore, RedisOnlineStoreConfig
print(RedisOnlineStore()._get_client(RedisOnlineStoreConfig(**json.loads(sys.argv[1]))).ping())
"""
PSYCOPG = (
    "import psycopg; print(psycopg.connect().execute('SELECT current_database()').fetchone()[0])"
)


@dataclass
class Bench:
    """The server, and the compiled objects, whose clients read the files of `certificates`."""

    place: Path
    port: int
    objects: list[Manifest]

    @property
    def certificates(self) -> Path:
        return self.place / "client"

    def lay(self, authority: str = "own", mode: int = MODE) -> None:
        """The files of the Secret as the kubelet writes them, of a certificate by an authority."""
        shutil.rmtree(self.certificates, ignore_errors=True)
        self.certificates.mkdir()
        for provider, ending in product(PROVIDERS, ("crt", "key")):
            file = self.certificates / f"{provider}.{ending}"
            shutil.copy(self.place / f"client-{authority}.{ending}", file)
            file.chmod(mode)
            os.chown(file, 0, USER)

    def localised(self, text: str) -> str:
        text = text.replace(FOLDER, str(self.certificates)).replace(SERVER, "localhost")
        return re.sub(r"/etc/platformc-ca/[\w-]+\.crt", str(self.place / "own.crt"), text)

    def find(self, kind: str, name: str) -> Manifest:
        (manifest,) = (m for m in self.objects
                       if m["kind"] == kind and m["metadata"]["name"] == name)  # fmt: skip
        return manifest

    def secret(self, name: str) -> dict[str, str]:
        values: dict[str, str] = self.find("Secret", name)["stringData"]
        return values

    def environment(self, kind: str, name: str) -> dict[str, str]:
        """The variables of an object's first container, with the values of its Secrets."""
        values: dict[str, str] = {}
        for variable in pod_template(self.find(kind, name))["spec"]["containers"][0]["env"]:
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            text = (
                self.secret(reference["name"])[reference["key"]] if reference else variable["value"]
            )
            values[variable["name"]] = re.sub(
                r"\$\((\w+)\)", lambda match: values[match[1]], self.localised(text)
            )
        return values


def as_user(user: int) -> list[str]:
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]


def answer(
    command: list[str | Path], environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=60, cwd="/",
        env={"PATH": "/usr/bin:/bin", **environment, "HOME": "/nowhere"},
    )  # fmt: skip


def certify(folder: Path, authority: str) -> None:
    """A client's certificate, signed by one of the authorities."""
    name = folder / f"client-{authority}"
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", f"{name}.key",
        "-out", f"{name}.csr", "-subj", "/CN=platform")  # fmt: skip
    run("openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", folder / f"{authority}.crt",
        "-CAkey", folder / f"{authority}.key", "-CAcreateserial", "-days", "2",
        "-out", f"{name}.crt")  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))  # others must be able to enter it
    folder.chmod(0o755)
    port, keys, rows = free_port(), free_port(), free_port()
    servers = list[subprocess.Popen[bytes]]()
    try:
        signed(folder)
        for authority in ("own", "other"):
            certify(folder, authority)
        spec = SPEC.format(host=SERVER, port=port, redis=keys, rows=rows)
        objects = Platform(folder / "platform").write(spec).compile()
        bench = Bench(folder, port, objects)
        serve(bench, servers)
        serve_keys(bench, keys, servers)
        serve_rows(bench, rows, servers)
        bench.lay()
        yield bench
    finally:
        for server in servers:
            server.terminate()
            server.wait(30)
        shutil.rmtree(folder)


def serve(bench: Bench, servers: list[subprocess.Popen[bytes]]) -> None:
    """A server that takes over the network nothing but TLS with a client's certificate."""
    data = bench.place / "server"
    data.mkdir()
    for name in ("server.crt", "server.key", "own.crt"):
        shutil.copy(bench.place / name, data)
    run("chown", "-R", f"{NOBODY}:{NOBODY}", data)
    nobody = as_user(NOBODY)
    run(
        *nobody,
        BINARIES / "initdb",
        "-D",
        data / "data",
        "-U",
        "administrator",
        "-A",
        "trust",
        cwd=data,
    )
    access = "local all all trust\nhostssl all all all scram-sha-256 clientcert=verify-ca\n"
    (data / "data" / "pg_hba.conf").write_text(access)
    servers.append(subprocess.Popen(
        [*nobody, BINARIES / "postgres", "-D", data / "data", "-p", str(bench.port), "-k", data,
         "-c", "ssl=on", "-c", f"ssl_cert_file={data}/server.crt", "-c", f"ssl_key_file={data}/server.key",
         "-c", f"ssl_ca_file={data}/own.crt"],
        cwd=data, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ))  # fmt: skip
    psql = ["psql", "-X", "-q", "-h", str(data), "-p", str(bench.port), "-U", "administrator"]
    deadline = time.monotonic() + 60
    while subprocess.run(
        [*psql, "-d", "postgres", "-c", "SELECT 1"], capture_output=True
    ).returncode:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    logins = {name: bench.secret(name) for name in
              ("reports-external-postgres", "mlflow-backend-store", "lakefs-metadata", "feast-registry")}  # fmt: skip
    for database, login in zip(DATABASES, logins.values(), strict=True):
        sql = f"CREATE ROLE \"{login['username']}\" LOGIN SUPERUSER PASSWORD '{login['password']}'"
        run(*psql, "-d", "postgres", "-c", sql)
        run(*psql, "-d", "postgres", "-c", f"CREATE DATABASE {database}")


def serve_keys(bench: Bench, port: int, servers: list[subprocess.Popen[bytes]]) -> None:
    password = bench.secret("feast-online-reader")["password"]
    tls = [word for setting, file in (("cert", "server.crt"), ("key", "server.key"), ("ca-cert", "own.crt"))
           for word in (f"--tls-{setting}-file", str(bench.place / file))]  # fmt: skip
    command = ["redis-server", "--port", "0", "--tls-port", str(port), *tls, "--tls-auth-clients", "yes",
               "--save", "", "--requirepass", password]  # fmt: skip
    servers.append(subprocess.Popen(command, cwd=bench.place, stdout=subprocess.DEVNULL))
    deadline = time.monotonic() + 60
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def serve_rows(bench: Bench, port: int, servers: list[subprocess.Popen[bytes]]) -> None:
    """MySQL 8.0.15 with a user who must show a certificate (`REQUIRE X509`)."""
    home, directory = HOME / "mysql", bench.place / "rows"
    directory.mkdir()
    start: list[str | Path] = [home / "bin/mysqld", "--no-defaults", "--user=root", f"--basedir={home}", f"--datadir={directory}/data"]  # fmt: skip
    run(*start, "--initialize-insecure")
    tls = [f"--ssl-{name}={bench.place}/{file}"
           for name, file in (("ca", "own.crt"), ("cert", "server.crt"), ("key", "server.key"))]  # fmt: skip
    servers.append(subprocess.Popen(
        [*start, *tls, f"--port={port}", "--mysqlx=OFF", f"--socket={directory}/socket", f"--pid-file={directory}/pid"],
        stdout=subprocess.DEVNULL, stderr=(directory / "log").open("wb"),
    ))  # fmt: skip
    administrator = [
        "mysql",
        "--no-defaults",
        "--user=root",
        f"--socket={directory}/socket",
        "--execute",
    ]
    deadline = time.monotonic() + 60
    while subprocess.run([*administrator, "SELECT 1"], capture_output=True).returncode:
        assert time.monotonic() < deadline, (directory / "log").read_text()
        time.sleep(0.2)
    login = bench.secret("reports-mysql")
    user = f"'{login['username']}'@'%'"
    for sql in (
        "CREATE DATABASE reports",
        f"CREATE USER {user} IDENTIFIED BY '{login['password']}' REQUIRE X509",
        f"GRANT ALL ON reports.* TO {user}",
    ):
        run(*administrator, sql)


def psql(bench: Bench) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [
        *as_user(USER),
        "psql",
        "-X",
        "-A",
        "-t",
        "-c",
        "SELECT current_database()",
    ]
    return answer(command, bench.environment("CronJob", "reports"))


def psycopg(bench: Bench) -> subprocess.CompletedProcess[str]:
    python = HOME / "venvs/feast/bin/python"
    return answer([python, "-c", PSYCOPG], bench.environment("CronJob", "reports"))


def mlflow(bench: Bench) -> subprocess.CompletedProcess[str]:
    python = HOME / "venvs/mlflow/bin/python"
    return answer([python, "-c", ALCHEMY], bench.environment("Deployment", "mlflow"))


def lakefs(bench: Bench) -> subprocess.CompletedProcess[str]:
    """The question with which the pod waits for its database."""
    command: list[str | Path] = [HOME / "bin/lakefs", "kv", "scan", "--limit", "1", "metadata"]
    return answer(command, bench.environment("Deployment", "lakefs"))


def pooled(bench: Bench) -> subprocess.CompletedProcess[str]:
    """A client of PgBouncer with its compiled file, run as its pod's user."""
    folder = bench.place / f"pooler-{time.monotonic_ns()}"
    folder.mkdir()
    port, login = free_port(), bench.secret("feast-registry")
    text = bench.localised(bench.find("ConfigMap", "pgbouncer")["data"]["pgbouncer.ini"])
    text = re.sub(r"listen_port = \d+", f"listen_port = {port}", text)
    text = text.replace("unix_socket_dir = /tmp", f"unix_socket_dir = {folder}")
    text = text.replace("/etc/userlist/userlist.txt", str(folder / "userlist.txt"))
    (folder / "pgbouncer.ini").write_text(text)
    (folder / "userlist.txt").write_text(f'"{login["username"]}" "{login["password"]}"\n')
    run("chown", "-R", f"{USER}:{USER}", folder)
    server = subprocess.Popen(
        [*as_user(USER), shutil.which("pgbouncer") or "/usr/sbin/pgbouncer", folder / "pgbouncer.ini"],
        stdout=(folder / "log").open("wb"), stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        while subprocess.run(
            [BINARIES / "pg_isready", "-q", "-h", "localhost", "-p", str(port)]
        ).returncode:
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        client = {"PGHOST": "localhost", "PGPORT": str(port), "PGDATABASE": "feast",
                  "PGUSER": login["username"], "PGPASSWORD": login["password"]}  # fmt: skip
        return answer(["psql", "-X", "-A", "-t", "-c", "SELECT current_database()"], client)
    finally:
        server.kill()
        server.wait()


def redis(bench: Bench) -> subprocess.CompletedProcess[str]:
    environment = bench.environment("CronJob", "reports")
    password = bench.secret("feast-online-reader")["password"]
    environment["REDIS_URL"] = re.sub(
        "default:[^@]+@", f"default:{password}@", environment["REDIS_URL"]
    )
    return answer([HOME / "venvs/feast/bin/python", "-c", REDIS], environment)


def pymysql(bench: Bench) -> subprocess.CompletedProcess[str]:
    python = HOME / "venvs/mlflow/bin/python"
    return answer([python, "-c", PYMYSQL], bench.environment("CronJob", "reports"))


def feast(bench: Bench) -> subprocess.CompletedProcess[str]:
    text = bench.localised(bench.find("ConfigMap", "feast")["data"]["feature_store.yaml"])
    for name, key in {"USERNAME": "", "PASSWORD": "password"}.items():
        value = bench.secret("feast-online-reader")[key] if key else "default"
        text = text.replace(f"${{FEAST_REDIS_{name}}}", value)
    section = json.dumps(yaml.safe_load(text)["online_store"])
    return answer([HOME / "venvs/feast/bin/python", "-c", FEAST, section], {})


CLIENTS: dict[str, Any] = {
    "psql": psql, "psycopg": psycopg, "mlflow": mlflow, "lakefs": lakefs, "pgbouncer": pooled,
    "redis": redis, "feast": feast, "pymysql": pymysql,
}  # fmt: skip


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_shows_its_certificate_and_no_other_is_taken(bench: Bench, client: str) -> None:
    bench.lay()
    accepted = CLIENTS[client](bench)
    assert accepted.returncode == 0, accepted.stderr
    bench.lay("other")
    refused = CLIENTS[client](bench)
    assert refused.returncode != 0, refused.stdout


def test_the_server_demands_it(bench: Bench) -> None:
    """Without the variables, the same login is refused."""
    environment = bench.environment("CronJob", "reports")
    del environment["PGSSLCERT"], environment["PGSSLKEY"]
    refused = answer(["psql", "-X", "-c", "SELECT 1"], environment)
    assert "connection requires a valid client certificate" in refused.stderr


def test_mysql_demands_it(bench: Bench) -> None:
    environment = bench.environment("CronJob", "reports")
    del environment["MYSQL_SSL_CERT"], environment["MYSQL_SSL_KEY"]
    refused = answer([HOME / "venvs/mlflow/bin/python", "-c", PYMYSQL], environment)
    assert "Access denied for user" in refused.stderr


def test_another_mode_or_group_of_the_key_would_be_refused(bench: Bench) -> None:
    bench.lay(mode=0o644)  # a volume's default
    assert "has group or world access" in psql(bench).stderr
    bench.lay(mode=0o400)  # as in a pod without an `fsGroup`
    assert "could not read certificate file" in psql(bench).stderr
