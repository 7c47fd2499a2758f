"""HashiCorp Vault in its development mode: a store of the user's, for External Secrets to read.

Its key-value engine (version 2) is mounted at `secret/`. External Secrets gets a token that may read
the entries below one prefix, and no more: the rights that a platform's keys need.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from live.control_plane import ControlPlane, Manifest
from live.pods.images import HOME

PROGRAM = HOME / "bin/vault"
ROOT = "root-of-the-test"
PORT = 8200
NAMESPACE = "kube-system"


@dataclass
class Vault:
    """A running server, and the work of its administrator."""

    plane: ControlPlane

    @property
    def url(self) -> str:
        return f"http://{self.plane.address}:{PORT}"

    def start(self) -> None:
        self.plane.start(
            "vault", "env", f"HOME={self.plane.place}", PROGRAM, "server", "-dev",
            "-dev-no-store-token", f"-dev-root-token-id={ROOT}",
            f"-dev-listen-address={self.plane.address}:{PORT}",
        )  # fmt: skip
        self.plane.until(self._answers, "answer of Vault")

    def _answers(self) -> bool:
        try:
            return bool(self._ask("GET", "sys/health")["initialized"])
        except (URLError, ConnectionError):
            return False

    def write(self, path: str, values: dict[str, str]) -> None:
        self._ask("POST", f"secret/data/{path}", {"data": values})

    def reader(self, prefix: str) -> str:
        """A token for the entries below a prefix."""
        rule = f'path "secret/data/{prefix}/*" {{ capabilities = ["read"] }}'
        self._ask("PUT", "sys/policies/acl/reader", {"policy": rule})
        token = self._ask("POST", "auth/token/create", {"policies": ["reader"]})
        return str(token["auth"]["client_token"])

    def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"X-Vault-Token": ROOT}
        request = Request(f"{self.url}/v1/{path}", data, headers, method=method)
        with urlopen(request, timeout=10) as answer:
            text = answer.read()
        return dict(json.loads(text)) if text else {}

    def store(self, name: str, token: str) -> list[Manifest]:
        """The store as a team declares it, which platforms name."""
        secret = {"name": f"{name}-token", "namespace": NAMESPACE, "key": "token"}
        provider = {
            "server": self.url, "path": "secret", "version": "v2",
            "auth": {"tokenSecretRef": secret},
        }  # fmt: skip
        return [
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": secret["name"], "namespace": NAMESPACE},
                "stringData": {"token": token},
            },
            {
                "apiVersion": "external-secrets.io/v1",
                "kind": "ClusterSecretStore",
                "metadata": {"name": name},
                "spec": {"provider": {"vault": provider}},
            },
        ]
