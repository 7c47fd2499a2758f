"""Buckets in host names: MinIO answers to them, and clients in the compiled environment ask so.

Names below the store's are looked up nowhere, so the client's own look-up leads them to this machine,
and prints them.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from live.platforms import Platform
from live.pods.images import HOME
from live.pods.objects import pod_template
from live.test_authorities import free_port

pytestmark = pytest.mark.live

HOST = "store.example.internal"
SPEC = """\
  components:
    external-s3: {{host: {host}, port: {port}, tls: false, addressing: virtual}}
  workloads:
    train: {{image: "registry.example.internal/train:1.0.0", uses: [external-s3]}}
"""
LOOKUP = """
import socket, sys
real = socket.getaddrinfo
def lookup(host, *rest, **named):
    if str(host).endswith("store.example.internal"):
        print("asked", host, flush=True)
        host = "127.0.0.1"
    return real(host, *rest, **named)
socket.getaddrinfo = lookup
"""
BOTO = """
import boto3
s3 = boto3.client("s3")
s3.create_bucket(Bucket="train")
s3.put_object(Bucket="train", Key="a", Body=b"1")
print(s3.get_object(Bucket="train", Key="a")["Body"].read())
"""
MLFLOW = """
import pathlib, tempfile
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository
file = pathlib.Path(tempfile.mkdtemp()) / "model.txt"
file.write_text("weights")
repository = S3ArtifactRepository("s3://train/runs/1")
repository.log_artifact(str(file))
print([entry.path for entry in repository.list_artifacts()])
"""


@dataclass
class Store:
    """MinIO, and the environment of a workload that uses it."""

    environment: dict[str, str]

    def client(self, program: str) -> str:
        """Run a program in the workload's environment; MinIO may still be starting."""
        deadline = time.monotonic() + 60
        while True:
            result = subprocess.run(
                [HOME / "venvs/mlflow/bin/python", "-c", LOOKUP + program],
                capture_output=True, text=True, timeout=120,
                env={"PATH": os.environ["PATH"], **self.environment},
            )  # fmt: skip
            if result.returncode == 0 or time.monotonic() > deadline:
                assert result.returncode == 0, result.stderr
                return result.stdout
            time.sleep(0.5)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("virtual")
    port = free_port()
    platform = Platform(folder / "platform").write(SPEC.format(host=HOST, port=port))
    objects = {
        (manifest["kind"], manifest["metadata"]["name"]): manifest
        for manifest in platform.compile()
    }
    (container,) = pod_template(objects["CronJob", "train"])["spec"]["containers"]
    secret = objects["Secret", "train-s3"]["stringData"]
    environment = {
        variable["name"]: variable.get("value") or secret[variable["name"]]
        for variable in container["env"]
    }
    config = folder / "aws-config"
    (text,) = objects["ConfigMap", "train-client"]["data"].values()
    config.write_text(text)
    environment["AWS_CONFIG_FILE"] = str(config)
    server = subprocess.Popen(
        [HOME / "bin/minio", "server", "--address", f"127.0.0.1:{port}", folder / "data"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={
            "PATH": os.environ["PATH"], "HOME": str(folder), "MINIO_DOMAIN": HOST,
            "MINIO_ROOT_USER": environment["AWS_ACCESS_KEY_ID"],
            "MINIO_ROOT_PASSWORD": environment["AWS_SECRET_ACCESS_KEY"],
        },
    )  # fmt: skip
    try:
        yield Store(environment)
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.parametrize(
    ("program", "answer"), [(BOTO, "b'1'\n"), (MLFLOW, "['model.txt']\n")], ids=["boto3", "mlflow"]
)
def test_clients_write_the_bucket_into_the_host(store: Store, program: str, answer: str) -> None:
    output = store.client(program)
    assert output.endswith(answer)
    hosts = {line.split()[1] for line in output.splitlines() if line.startswith("asked")}
    assert hosts == {f"train.{HOST}"}
