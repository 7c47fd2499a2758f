"""Argo CD itself (3.5.7) on a real API server: its application controller and repository server, with
the plugin's sidecar. They are processes here; upstream's core installation has the rest."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from live.argocd.sidecar import BIN, Sidecar
from live.control_plane import ControlPlane, Manifest

NAMESPACE = "argocd"
RECONCILED = 90.0  # seconds until Argo CD has seen a change and acted on it
PODS = ("Deployment", "StatefulSet")


class ArgoCD:
    """A running Argo CD with applications from a Git repository on this machine."""

    def __init__(self, plane: ControlPlane, sidecar: Sidecar, folder: Path) -> None:
        self.plane = plane
        self.folder = folder
        folder.mkdir()
        plane.apply(_installation(), "--server-side")
        (redis, repository, metrics, controller_metrics) = map(str, _free_ports(4))
        plane.start("redis", "redis-server", "--port", redis, "--save", "", "--bind", "127.0.0.1")
        self._start(
            "argocd-repo-server", "--port", repository, "--metrics-port", metrics,
            "--redis", f"127.0.0.1:{redis}", "--address", "127.0.0.1",
            plugins=str(sidecar.plugins),
        )  # fmt: skip
        self._start(
            "argocd-application-controller", "--repo-server", f"127.0.0.1:{repository}",
            "--redis", f"127.0.0.1:{redis}", "--metrics-port", controller_metrics,
            "--namespace", NAMESPACE, "--kubeconfig", str(plane.kubeconfig), "--app-resync", "5",
            "--app-resync-jitter", "0",
        )  # fmt: skip

    def _start(self, program: str, *options: str, plugins: str = "") -> None:
        """A server of Argo CD for the cluster of the kubeconfig."""
        settings = {
            "ARGOCD_FAKE_IN_CLUSTER": "true",
            "ARGOCD_GPG_ENABLED": "false",
            "ARGOCD_ASK_PASS_SOCK": f"{self.folder}/ask-pass.sock",
            "ARGOCD_PLUGINSOCKFILEPATH": plugins,
            "TMPDIR": str(self.folder),
        }
        words = [f"{name}={value}" for name, value in settings.items()]
        self.plane.start(program, "env", *words, str(BIN / program), *options)

    def application(self, name: str) -> dict[str, Any]:
        """The status of an application."""
        path = f"apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/applications/{name}"
        status: dict[str, Any] = self.plane.get(path).get("status", {})
        return status

    def until(self, name: str, **fields: str) -> None:
        """Wait until an application's sync, health or operation is as said."""

        def reached() -> bool:
            status = self.application(name)
            actual = {
                "sync": status.get("sync", {}).get("status"),
                "health": status.get("health", {}).get("status"),
                "operation": status.get("operationState", {}).get("phase"),
            }
            return all(actual[key] == value for key, value in fields.items())

        try:
            self.plane.until(reached, f"application with {fields}", RECONCILED)
        except AssertionError as problem:
            raise AssertionError(
                f"{json.dumps(self.application(name), indent=1)}\n{problem}"
            ) from None

    def refresh(self, name: str) -> None:
        """Look at the repository now, as a push would have it by a webhook."""
        mark = "argocd.argoproj.io/refresh=normal"
        self.plane.kubectl("annotate", "-n", NAMESPACE, "application", name, mark, "--overwrite")

    def waits_for(self, name: str) -> str:
        """The object for whose health the sync of an application waits."""
        return str(self.application(name).get("operationState", {}).get("message", ""))


class Repository:
    """A Git repository with a platform, from which Argo CD delivers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._git("init", "--quiet", "--initial-branch=main")

    @property
    def address(self) -> str:
        return f"file://{self.folder}"

    def commit(self, spec: str) -> None:
        (self.folder / "platform.yaml").write_text(spec)
        self._git("add", "--all")
        author = ("-c", "user.name=author", "-c", "user.email=author@example.com")
        self._git(*author, "commit", "--quiet", "--message=Change the platform")

    def _git(self, *words: str) -> None:
        subprocess.run(["git", "-C", str(self.folder), *words], check=True, capture_output=True)


def _installation() -> Iterable[Manifest]:
    """Upstream's core installation without pods, in its namespace."""
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    for manifest in yaml.safe_load_all((BIN / "argocd-core-install.yaml").read_text()):
        if manifest and manifest["kind"] not in PODS:
            if not manifest["kind"].startswith("Cluster"):
                manifest["metadata"]["namespace"] = NAMESPACE
            yield manifest


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports
