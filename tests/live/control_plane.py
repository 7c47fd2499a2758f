"""A real Kubernetes control plane on free loopback ports: etcd, API server, controllers, scheduler.

kwok plays the nodes, so that pods are admitted, scheduled and become Ready without being run; what
they do when run is the other half of the live tests. Facts are of Kubernetes 1.36 and kwok 0.8.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from live.pods.images import HOME

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SERVERS, KWOK, STAGES = HOME / "bin/servers", HOME / "bin/kwok", HOME / "kwok-stages.yaml"
START = 60.0  # seconds until a server answers
Manifest = dict[str, Any]


class ControlPlane:
    """Servers of one cluster, and `kubectl` against it.

    `address` and `port` are the API server's, where something must find it by its own name.
    """

    def __init__(self, place: Path, address: str = "127.0.0.1", port: int = 0) -> None:
        self.place = place
        self.address = address
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.token = secrets.token_hex(16)
        self.kubeconfig = place / "kubeconfig"
        self.installed: set[str] = set()
        self.etcd, peers, self.port = _free_port(), _free_port(), port or _free_port()
        self._files()
        self._start_etcd(peers)
        self._start_api_server()
        self._start_controllers()
        self.apply(_nodes(), "--server-side")
        self.until(lambda: "True" in self._node_conditions(), "nodes that are Ready")

    # Starting ----------------------------------------------------------------------------------

    def _files(self) -> None:
        (self.place / "tokens.csv").write_text(f'{self.token},admin,admin,"system:masters"\n')
        key = self.place / "service-accounts.key"
        command = [
            "openssl",
            "ecparam",
            "-genkey",
            "-name",
            "prime256v1",
            "-noout",
            "-out",
            str(key),
        ]
        subprocess.run(command, check=True, capture_output=True)
        (self.place / "bin").mkdir()
        (self.place / "bin/kubectl").symlink_to(SERVERS)
        command_line = f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m compiler "$@"'
        (self.place / "bin/platformc").write_text(f"#!/bin/sh\n{command_line}\n")
        (self.place / "bin/platformc").chmod(0o755)
        server = f"https://{self.address}:{self.port}"
        cluster = {"server": server, "insecure-skip-tls-verify": True}
        self.kubeconfig.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "live", "cluster": cluster}],
                    "users": [{"name": "admin", "user": {"token": self.token}}],
                    "contexts": [{"name": "live", "context": {"cluster": "live", "user": "admin"}}],
                    "current-context": "live",
                }
            )
        )
        # Where the API server would call into the cluster (webhooks, kubelets) nothing listens.
        self.egress = self.place / "egress.yaml"
        nowhere = {"uds": {"udsName": str(self.place / "nowhere.sock")}}
        selection = {
            "name": "cluster",
            "connection": {"proxyProtocol": "HTTPConnect", "transport": nowhere},
        }
        self.egress.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "apiserver.k8s.io/v1beta1",
                    "kind": "EgressSelectorConfiguration",
                    "egressSelections": [selection],
                }
            )
        )

    def start(self, name: str, *command: str | Path) -> None:
        """A program that belongs to the cluster, and ends with it."""
        with (self.place / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.place
            )

    @property
    def certificate(self) -> Path:
        """The API server's own, with the authority that signed it."""
        return self.place / "certificates/apiserver.crt"

    def _start_etcd(self, peers: int) -> None:
        client, peer = f"http://127.0.0.1:{self.etcd}", f"http://127.0.0.1:{peers}"
        self.start(
            "etcd", SERVERS, "etcd", "--name=live", f"--data-dir={self.place / 'etcd'}",
            "--unsafe-no-fsync", f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=live={peer}",
        )  # fmt: skip

    def _start_api_server(self) -> None:
        keys = self.place / "service-accounts.key"
        self.start(
            "kube-apiserver", SERVERS, "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self.etcd}", f"--bind-address={self.address}",
            f"--secure-port={self.port}", f"--advertise-address={self.address}",
            "--endpoint-reconciler-type=none", f"--cert-dir={self.certificate.parent}",
            f"--token-auth-file={self.place / 'tokens.csv'}", "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={keys}", f"--service-account-signing-key-file={keys}",
            "--service-cluster-ip-range=10.96.0.0/16", "--profiling=false",
            f"--egress-selector-config-file={self.egress}",
        )  # fmt: skip
        self.until(lambda: self._try("get", "--raw=/readyz") is not None, "the API server")

    def _start_controllers(self) -> None:
        self.start(
            "kube-controller-manager", SERVERS, "kube-controller-manager",
            f"--kubeconfig={self.kubeconfig}", "--secure-port=0", "--leader-elect=false",
            f"--service-account-private-key-file={self.place / 'service-accounts.key'}",
            f"--root-ca-file={self.certificate}",
            "--kube-api-qps=200", "--kube-api-burst=400",
        )  # fmt: skip
        self.start(
            "kube-scheduler", SERVERS, "kube-scheduler", f"--kubeconfig={self.kubeconfig}",
            "--secure-port=0", "--leader-elect=false",
        )  # fmt: skip
        self.start(
            "kwok", KWOK, f"--kubeconfig={self.kubeconfig}", f"--config={STAGES}",
            "--v=WARN", "--manage-all-nodes=true", "--cidr=10.244.0.0/16", "--node-ip=127.0.0.1",
        )  # fmt: skip

    def _node_conditions(self) -> str:
        path = "-o=jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}"
        return self._try("get", "nodes", path) or ""

    # kubectl -----------------------------------------------------------------------------------

    def run(
        self, *arguments: str, stdin: str | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(SERVERS), "kubectl", f"--kubeconfig={self.kubeconfig}", *arguments],
            input=stdin, capture_output=True, text=True, timeout=timeout, cwd=self.place,
        )  # fmt: skip

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout: float = 120) -> str:
        """What kubectl prints; it must succeed, and must have nothing to warn of."""
        done = self.run(*arguments, stdin=stdin, timeout=timeout)
        what = f"kubectl {' '.join(arguments)}"
        assert done.returncode == 0, f"{what}\n{done.stdout[-2000:]}{done.stderr[-6000:]}"
        assert not done.stderr, f"{what} warns:\n{done.stderr[-6000:]}"
        return done.stdout

    def shell(self, script: str, directory: Path, timeout: float = 300) -> str:
        """What a script of `kubectl` and `platformc` commands prints, stopped at its first failure.

        It runs as printed, once, and must have nothing to warn of.
        """
        done = subprocess.run(
            ["timeout", str(timeout), "sh", "-ex"], input=script, capture_output=True, text=True,
            cwd=directory, env=self.environment,
        )  # fmt: skip
        said = f"{done.stdout[-2000:]}{done.stderr[-4000:]}"
        assert done.returncode == 0, f"status {done.returncode} of\n{said}\n{self.logs()}"
        assert "Warning" not in done.stderr, said
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        """In which `kubectl`, `platformc` and what they call are this cluster's."""
        path = f"{self.place / 'bin'}:{ROOT / '.tools/bin'}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "KUBECONFIG": str(self.kubeconfig)}

    def _try(self, *arguments: str) -> str | None:
        done = self.run("--request-timeout=5s", *arguments)
        return done.stdout if done.returncode == 0 else None

    def apply(self, objects: Iterable[Manifest], *options: str) -> str:
        stream = "\n---\n".join(json.dumps(one) for one in objects)
        return self.kubectl("apply", *options, "-f", "-", stdin=stream) if stream else ""

    def contents(self, namespaces: Iterable[str]) -> dict[str, Manifest]:
        """Every object as it was written: without its status and the book-keeping of the server."""
        found = {}
        for namespace in namespaces:
            for one in self.listed(namespace):
                kept = {key: value for key, value in one.items() if key != "status"}
                kept["metadata"] = {
                    key: value
                    for key, value in one["metadata"].items()
                    if key not in ("resourceVersion", "managedFields")
                }
                found[f"{one['kind']} {namespace}/{one['metadata']['name']}"] = kept
        return found

    def listed(self, namespace: str) -> list[Manifest]:
        kinds = "deployments,statefulsets,jobs,cronjobs,services,configmaps,networkpolicies,pdb"
        listed = self.kubectl("get", kinds, "-n", namespace, "-o", "json")
        items: list[Manifest] = json.loads(listed)["items"]
        return items

    def until(self, done: Callable[[], bool], what: str, timeout: float = START) -> None:
        deadline = time.monotonic() + timeout
        while not done():
            for name, process in self.processes.items():
                assert process.poll() is None, f"{name} ended:\n{self.log(name)}"
            assert time.monotonic() < deadline, f"no {what} after {timeout:.0f} s\n{self.logs()}"
            time.sleep(0.2)

    # CustomResourceDefinitions -----------------------------------------------------------------

    def install(self, objects: Iterable[Manifest]) -> None:
        """The definitions of the custom resources among the objects."""
        kinds = {(one["apiVersion"].rpartition("/")[0], one["kind"]) for one in objects}
        self.define(one for kind, one in definitions().items() if kind in kinds)

    def define(self, wanted: Iterable[Manifest]) -> None:
        """Some definitions, each once."""
        new = [one for one in wanted if one["metadata"]["name"] not in self.installed]
        if not new:
            return
        self.apply(new, "--server-side")
        names = [f"crd/{one['metadata']['name']}" for one in new]
        # It gives up at once on a definition that has no condition yet.
        wait = ("wait", "--for=condition=Established", "--timeout=60s", *names)
        self.until(lambda: self._try(*wait) is not None, "definitions that are established")
        self.installed |= {one["metadata"]["name"] for one in new}

    # Ending ------------------------------------------------------------------------------------

    def stop(self, name: str) -> None:
        """End one program, as its node would."""
        process = self.processes.pop(name)
        process.terminate()
        process.wait(30)

    def log(self, name: str, lines: int = 15) -> str:
        text = (self.place / f"{name}.log").read_text(errors="replace")
        return "\n".join(f"   {name}| {line[:400]}" for line in text.splitlines()[-lines:])

    def logs(self) -> str:
        return "\n".join(self.log(name) for name in self.processes)

    def close(self) -> None:
        """Without ceremony: nothing of the cluster is kept."""
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def definitions() -> dict[tuple[str, str], Manifest]:
    found = {}
    for path in sorted((HERE / "crds").glob("*.yaml")):
        for line in path.read_text().splitlines():
            if line.startswith("{"):
                one = json.loads(line)
                found[one["spec"]["group"], one["spec"]["names"]["kind"]] = one
    return found


def _nodes(count: int = 3) -> list[Manifest]:
    """Nodes with room for everything, in zones of their own, and a default class of volumes."""
    room = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "4Ti", "pods": "250"}
    room["nvidia.com/gpu"] = "8"
    storage_class = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "standard",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "kubernetes.io/no-provisioner",
    }
    nodes = [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": f"node-{index}",
                "annotations": {"kwok.x-k8s.io/node": "fake"},
                "labels": {
                    "kubernetes.io/hostname": f"node-{index}",
                    "kubernetes.io/os": "linux",
                    "topology.kubernetes.io/zone": f"zone-{index}",
                },
            },
            "status": {"allocatable": room, "capacity": room},
        }
        for index in range(count)
    ]
    return [storage_class, *nodes]
