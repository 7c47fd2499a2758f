"""A platform's object store for its administrator, from this machine: by a port that kubectl forwards, so
that no network policy and no rule of a mesh stands between."""

from __future__ import annotations

import subprocess
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.node import Node, free_port
from cluster.paths import LIVE


class Store:
    """The store behind a Service, with the key in a Secret; one with TLS has an authority's certificate."""

    def __init__(
        self, node: Node, service: str, port: int, secret: str, keys: tuple[str, str],
        namespace: str = "mlops", authority: str = "",
    ) -> None:  # fmt: skip
        self.node, self.service, self.port, self.namespace = node, service, port, namespace
        self.authority = authority
        data = node.get("secret", secret, "-n", namespace)["data"]
        self.login = ":".join(b64decode(data[key]).decode() for key in keys)

    def upload(self, bucket: str, files: dict[str, bytes]) -> None:
        with self._client() as client:
            client("mb", "--ignore-existing", f"store/{bucket}")
            for key, content in files.items():
                file = self.node.place / "object"
                file.write_bytes(content)
                client("cp", str(file), f"store/{bucket}/{key}")

    def names(self, bucket: str) -> list[str]:
        with self._client() as client:
            return client("find", f"store/{bucket}").splitlines()

    def add_key(self, key: str, secret: str, policy: str) -> None:
        """A key with the rights of a policy."""
        file = self.node.place / "policy.json"
        file.write_text(policy)
        with self._client() as client:
            client("admin", "user", "add", "store", key, secret)
            client("admin", "policy", "create", "store", key, str(file))
            client("admin", "policy", "attach", "store", key, "--user", key)

    def make_bucket(self, bucket: str) -> None:
        with self._client() as client:
            client("mb", f"store/{bucket}")

    @contextmanager
    def _client(self) -> Iterator[Client]:
        port = free_port()
        words = ["kubectl", "port-forward", "-n", self.namespace, f"service/{self.service}",
                 f"{port}:{self.port}"]  # fmt: skip
        forward = subprocess.Popen(words, env=self.node.env, stdout=subprocess.DEVNULL)
        scheme = "https" if self.authority else "http"
        address = f"{scheme}://{self.login}@localhost:{port}"
        client = Client(address, self.node.place, self.authority)
        try:
            self.node.until(client.answers, f"answer of {self.service}", 60)
            yield client
        finally:
            forward.terminate()
            forward.wait(30)


class Client:
    """MinIO's client, which talks to every store that speaks S3."""

    def __init__(self, address: str, folder: Path, authority: str) -> None:
        # Without HOME the client asks a program of the system for the person's folder.
        self.env = {"MC_HOST_store": address, "HOME": str(folder)}
        if authority:
            file = folder / "authority.crt"
            file.write_text(authority)
            self.env["SSL_CERT_FILE"] = str(file)

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


def company(node: Node, authority: str) -> Store:
    """The store of `company_store.yaml`."""
    keys = ("username", "password")
    return Store(node, "store", 9000, "administrator", keys, "company", authority)
