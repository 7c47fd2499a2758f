"""Servers whose certificate a company's own authority signed, and clients as they are compiled.

PostgreSQL, Redis and MinIO stand on this machine with TLS. A workload's environment is the compiled
one; only the folder of the certificates is another, for the program runs outside a pod. MinIO also
stands for the gateway of Ceph, which runs in test_ceph.py: it knows the key of `external-s3` alone.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

import pytest

import compiler
from compiler.model.binding import AUTHORITIES
from live.platforms import Platform
from live.pods.images import HOME
from live.pods.objects import pod_template

pytestmark = pytest.mark.live

PYTHON = HOME / "venvs/feast/bin/python"
TEMPLATE = Path(compiler.__file__).parent / "interfaces/templates/arrow_s3.py.j2"
NOBODY = 65534  # PostgreSQL starts as anybody but root
PROGRAMS = {
    "postgres": "import psycopg; print(psycopg.connect('dbname=postgres').info.pgconn.ssl_in_use)",
    "redis": "import os, redis; print(redis.from_url(os.environ['REDIS_URL']).ping())",
    "s3": "import boto3; boto3.client('s3').list_buckets(); print(True)",
    # As Feast's own pods reach the store, by the file that they are given.
    "s3 of ceph": "import boto3; boto3.client('s3').list_buckets(); print(True)",
    "s3 by pyarrow": "import arrow_s3; print(arrow_s3.FileSystem().ls('') == [])",
}


@dataclass
class Company:
    """An authority, the servers that it vouches for, and a client of them."""

    place: Path
    ports: dict[str, int]
    environment: dict[str, str]
    environment_of_ceph: dict[str, str]

    def client(self, server: str, authority: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the workload's environment, which trusts one of two authorities."""
        trusted = self.place / f"trusting-{authority}"
        trusted.mkdir(exist_ok=True)
        for provider in ("external-postgres", "external-redis", "external-s3", "ceph"):
            shutil.copy(self.place / f"{authority}.crt", trusted / f"{provider}.crt")
        compiled = self.environment_of_ceph if server == "s3 of ceph" else self.environment
        environment = {
            name: value.replace(AUTHORITIES, str(trusted)) for name, value in compiled.items()
        }
        return subprocess.run(
            [PYTHON, "-c", PROGRAMS[server]], capture_output=True, text=True, timeout=60,
            env={
                "PATH": os.environ["PATH"], "HOME": str(self.place), "PYTHONPATH": str(self.place),
                **environment,
            },
        )  # fmt: skip


def run(*command: str | Path, **options: Any) -> None:
    process = subprocess.run(command, capture_output=True, text=True, **options)
    assert process.returncode == 0, f"{command}\n{process.stdout}{process.stderr}"


# A spec names no loopback address; the servers of this test run on one.
SERVER = "server.example.internal"
GATEWAY = "rook-ceph-rgw-shared.rook-ceph.svc.cluster.local"
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def signed(folder: Path) -> None:
    """Two authorities, and a server's certificate that the first has signed."""
    key = ("-newkey", "rsa:2048", "-nodes", "-days", "2")
    for name in ("own", "other"):
        run("openssl", "req", "-x509", *key, "-keyout", folder / f"{name}.key",
            "-out", folder / f"{name}.crt", "-subj", f"/CN={name} authority")  # fmt: skip
    run("openssl", "req", *key, "-keyout", folder / "server.key", "-out", folder / "server.csr",
        "-subj", "/CN=localhost")  # fmt: skip
    (folder / "san").write_text("subjectAltName=DNS:localhost")
    run("openssl", "x509", "-req", "-in", folder / "server.csr", "-CA", folder / "own.crt",
        "-CAkey", folder / "own.key", "-CAcreateserial", "-days", "2", "-extfile", folder / "san",
        "-out", folder / "server.crt")  # fmt: skip


def compiled(folder: Path, ports: dict[str, int]) -> tuple[dict[str, str], dict[str, str]]:
    """The environments of a workload that uses all three services outside, and of one that uses Ceph."""
    ca = "".join(f"        {line}\n" for line in (folder / "own.crt").read_text().splitlines())
    sections = "".join(
        f"    external-{name}:\n      host: {SERVER}\n      port: {port}\n      ca: |\n{ca}"
        for name, port in ports.items()
    )
    gateway = f"    ceph:\n      store: shared\n      tls: true\n      port: {ports['s3']}\n      ca: |\n{ca}"
    uses = ", ".join(f"external-{name}" for name in ports)
    image = "      image: registry.example.internal/client:1.0.0\n"
    objects = Platform(folder / "platform").write(
        f"  components:\n{sections}{gateway}  workloads:\n"
        f"    client:\n{image}      uses: [{uses}]\n    of-ceph:\n{image}      uses: [ceph]\n"
    ).compile()  # fmt: skip
    client, of_ceph = (environment_of(name, objects) for name in ("client", "of-ceph"))
    return client, of_ceph | {name: client[name] for name in KEYS}


def environment_of(workload: str, objects: list[dict[str, Any]]) -> dict[str, str]:
    """A workload's variables, with the values of its Secrets."""
    named = {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in objects}
    values: dict[str, str] = {}
    for variable in pod_template(named["CronJob", workload])["spec"]["containers"][0]["env"]:
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        text = (
            named["Secret", reference["name"]]["stringData"][reference["key"]]
            if reference
            else variable["value"]
        )
        text = re.sub(r"\$\((\w+)\)", lambda match: values[match[1]], text)
        values[variable["name"]] = text.replace(SERVER, "localhost").replace(GATEWAY, "localhost")
    return values


def serve(
    server_folder: Path, ports: dict[str, int], login: dict[str, str]
) -> Iterator[list[str | Path]]:
    """The commands that start the servers, each with the login that the Secret has."""
    key, certificate, data = (
        server_folder / "server.key",
        server_folder / "server.crt",
        server_folder / "data",
    )
    binaries = Path(max(glob("/usr/lib/postgresql/*/bin")))
    (server_folder / "password").write_text(login["PGPASSWORD"])
    as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    run("chown", "-R", f"{NOBODY}:{NOBODY}", server_folder)
    run(*as_nobody, binaries / "initdb", "-D", data, "-U", login["PGUSER"], "-A", "scram-sha-256",
        f"--pwfile={server_folder / 'password'}", cwd=server_folder)  # fmt: skip
    yield [
        *as_nobody, binaries / "postgres", "-D", data, "-p", str(ports["postgres"]), "-k", server_folder,
        "-c", "ssl=on", "-c", f"ssl_cert_file={certificate}", "-c", f"ssl_key_file={key}",
    ]  # fmt: skip
    yield [
        "redis-server", "--port", "0", "--tls-port", str(ports["redis"]), "--tls-cert-file",
        certificate, "--tls-key-file", key, "--tls-ca-cert-file", server_folder / "own.crt",
        "--tls-auth-clients", "no", "--save", "", "--requirepass", login["REDIS_PASSWORD"],
    ]  # fmt: skip
    folder = server_folder / "minio"
    folder.mkdir()
    shutil.copy(key, folder / "private.key")
    shutil.copy(certificate, folder / "public.crt")
    yield [
        "env", f"MINIO_ROOT_USER={login['AWS_ACCESS_KEY_ID']}",
        f"MINIO_ROOT_PASSWORD={login['AWS_SECRET_ACCESS_KEY']}", HOME / "bin/minio", "server",
        "--address", f"127.0.0.1:{ports['s3']}", "--certs-dir", folder, server_folder / "buckets",
    ]  # fmt: skip


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))  # others must be able to enter it
    folder.chmod(0o755)
    ports = {name: free_port() for name in ("postgres", "redis", "s3")}
    servers: list[subprocess.Popen[bytes]] = []
    try:
        signed(folder)
        environment, environment_of_ceph = compiled(folder, ports)
        shutil.copy(TEMPLATE, folder / "arrow_s3.py")
        for command in serve(folder, ports, environment):
            log = (folder / f"{len(servers)}.log").open("wb")
            servers.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))
        yield Company(folder, ports, environment, environment_of_ceph)
    finally:
        for server in servers:
            server.terminate()
            server.wait(30)
        shutil.rmtree(folder)


@pytest.mark.parametrize("server", PROGRAMS)
def test_a_client_trusts_the_authority_that_the_spec_names_and_no_other(
    company: Company, server: str
) -> None:
    deadline = time.monotonic() + 60
    while (result := company.client(server, "own")).returncode and time.monotonic() < deadline:
        time.sleep(0.5)
    assert result.stdout == "True\n", result.stderr
    other_client = company.client(server, "other")
    assert other_client.returncode != 0
    assert "certificate" in other_client.stderr.lower()
