"""A platform's object store for its administrator, from this machine: by a port that kubectl forwards, so
that no network policy and no rule of a mesh stands between."""

from __future__ import annotations

import subprocess
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.build_images import LIVE
from cluster.node import Node, free_port


class Store:
    """The store behind a Service, with the key in a Secret."""

    def __init__(
        self, node: Node, service: str, port: int, secret: str, keys: tuple[str, str],
        namespace: str = "mlops",
    ) -> None:  # fmt: skip
        self.node, self.service, self.port, self.namespace = node, service, port, namespace
        data = node.get("secret", secret, "-n", namespace)["data"]
        self.login = ":".join(b64decode(data[key]).decode() for key in keys)

    def put(self, bucket: str, files: dict[str, bytes]) -> None:
        with self._client() as client:
            client("mb", "--ignore-existing", f"store/{bucket}")
            for key, content in files.items():
                file = self.node.place / "object"
                file.write_bytes(content)
                client("cp", str(file), f"store/{bucket}/{key}")

    def names(self, bucket: str) -> list[str]:
        with self._client() as client:
            return client("find", f"store/{bucket}").splitlines()

    @contextmanager
    def _client(self) -> Iterator[Client]:
        port = free_port()
        words = ["kubectl", "port-forward", "-n", self.namespace, f"service/{self.service}",
                 f"{port}:{self.port}"]  # fmt: skip
        forward = subprocess.Popen(words, env=self.node.env, stdout=subprocess.DEVNULL)
        client = Client(f"http://{self.login}@localhost:{port}", self.node.place)
        try:
            self.node.until(client.answers, f"answer of {self.service}", 60)
            yield client
        finally:
            forward.terminate()
            forward.wait(30)


class Client:
    """MinIO's client, which talks to every store that speaks S3."""

    def __init__(self, address: str, folder: Path) -> None:
        # Without HOME the client asks a program of the system for the person's folder.
        self.env = {"MC_HOST_store": address, "HOME": str(folder)}

    def __call__(self, *words: str) -> str:
        result = self._run(words)
        assert result.returncode == 0, result.stderr
        return result.stdout.decode()

    def answers(self) -> bool:
        return self._run(("ls", "store")).returncode == 0

    def _run(self, words: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
        command = [str(LIVE / "bin/mc"), "--quiet", *words]
        return subprocess.run(command, capture_output=True, env=self.env, timeout=120)


def seaweedfs(node: Node) -> Store:
    return Store(
        node, "seaweedfs", 8333, "seaweedfs-admin", ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    )


def minio(node: Node, namespace: str) -> Store:
    return Store(node, "minio", 9000, "minio-root", ("username", "password"), namespace)
