"""A real Kubernetes control plane on its own loopback address: etcd, API server, controllers,
scheduler.

kwok plays the nodes, so that pods are admitted, scheduled and become Ready without being run; objects that
they do when run is the other half of the live tests. Facts are of Kubernetes 1.36 and kwok 0.8.
"""

from __future__ import annotations

import json
import os
import random
import re
import secrets
import shutil
import ssl
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import yaml

from live.pods.images import HOME

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SERVERS, KWOK, STAGES = HOME / "bin/servers", HOME / "bin/kwok", HOME / "kwok-stages.yaml"
START = 60.0  # seconds until a server answers
ANSWER = 30.0  # seconds for one question
CLEARED = 60.0  # seconds until all that came is gone
NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")  # of every cluster
COLLECTION = "400"  # memory for time: Go's programs collect garbage a third as often
Manifest = dict[str, Any]
# The listed objects, by their path at the API server.
LISTED = {
    "apis/apps/v1/deployments": "Deployment", "apis/apps/v1/statefulsets": "StatefulSet",
    "apis/batch/v1/jobs": "Job", "apis/batch/v1/cronjobs": "CronJob",
    "api/v1/services": "Service", "api/v1/configmaps": "ConfigMap",
    "apis/networking.k8s.io/v1/networkpolicies": "NetworkPolicy",
    "apis/policy/v1/poddisruptionbudgets": "PodDisruptionBudget",
}  # fmt: skip
# Facts that a cluster learns once: definitions, the APIs that they make, and the books that servers keep.
LASTING = (
    "apiextensions.k8s.io/",
    "apiregistration.k8s.io/",
    "leases/",
    "masterleases/",
    "ranges/",
)


class ControlPlane:
    """Servers of one cluster, and `kubectl` against it.

    Their address is one that no other cluster has: several run at a time. The API server's port is
    HTTPS' own, where stores of Secrets look for it.
    """

    def __init__(self, folder: Path) -> None:
        self.place = folder
        self.address = ".".join(["127", *(str(random.randrange(1, 255)) for _ in range(3))])
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.token = secrets.token_hex(16)
        self.kubeconfig = folder / "kubeconfig"
        self.installed: set[str] = set()
        self._files()
        self._start_etcd()
        self._start_api_server()
        self._start_controllers()
        self.apply(_nodes(), "--server-side")
        self.until(self._begun, "nodes that are Ready")
        self.first = self._keys()

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
        server = f"https://{self.address}"
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
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.place,
                env=self.environment,
            )  # fmt: skip

    @property
    def certificate(self) -> Path:
        """The API server's own, with the authority that signed it."""
        return self.place / "certificates/apiserver.crt"

    @property
    def etcd(self) -> str:
        return f"http://{self.address}:2379"

    def _start_etcd(self) -> None:
        client, peer = self.etcd, f"http://{self.address}:2380"
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
            f"--etcd-servers={self.etcd}", f"--bind-address={self.address}",
            "--secure-port=443", f"--advertise-address={self.address}",
            "--endpoint-reconciler-type=none", f"--cert-dir={self.certificate.parent}",
            f"--token-auth-file={self.place / 'tokens.csv'}", "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={keys}", f"--service-account-signing-key-file={keys}",
            "--service-cluster-ip-range=10.96.0.0/16", "--profiling=false",
            f"--egress-selector-config-file={self.egress}",
        )  # fmt: skip
        self.until(lambda: self._answers("readyz"), "the API server")

    def _start_controllers(self) -> None:
        self.start(
            "kube-controller-manager", SERVERS, "kube-controller-manager",
            f"--kubeconfig={self.kubeconfig}", "--secure-port=0", "--leader-elect=false",
            f"--service-account-private-key-file={self.place / 'service-accounts.key'}",
            f"--root-ca-file={self.certificate}",
            "--kube-api-qps=200", "--kube-api-burst=400",
            # kwok makes a pod ready once: where a busy machine delays its nodes' word, none is again.
            "--node-monitor-grace-period=1h",
        )  # fmt: skip
        self.start(
            "kube-scheduler", SERVERS, "kube-scheduler", f"--kubeconfig={self.kubeconfig}",
            "--secure-port=0", "--leader-elect=false",
        )  # fmt: skip
        self.start(
            "kwok", KWOK, f"--kubeconfig={self.kubeconfig}", f"--config={STAGES}",
            "--v=WARN", "--manage-all-nodes=true", "--cidr=10.244.0.0/16", "--node-ip=127.0.0.1",
        )  # fmt: skip

    def _begun(self) -> bool:
        """Whether nodes are ready and namespaces get their default objects."""
        nodes = self.get("api/v1/nodes")["items"]
        ready = [
            condition["status"]
            for node in nodes
            for condition in node["status"].get("conditions", ())
            if condition["type"] == "Ready"
        ]
        # Made for the first time after the start, they would come again whenever they are cleared.
        defaults = [
            f"api/v1/namespaces/{name}/{object_name}"
            for name in NAMESPACES
            for object_name in ("serviceaccounts/default", "configmaps/kube-root-ca.crt")
        ]
        return ready == ["True"] * len(nodes) and all(map(self._answers, defaults))

    # Looking -----------------------------------------------------------------------------------

    def get(self, path: str) -> Manifest:
        """The answer of the API server to a path, in a hundredth of the time that kubectl takes."""
        with self._ask(path) as answer:
            actual: Manifest = json.load(answer)
            return actual

    def _ask(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        request = Request(f"https://{self.address}/{path}", headers=headers)
        context = ssl.create_default_context(cafile=self.certificate)
        return urlopen(request, timeout=ANSWER, context=context)

    def _answers(self, path: str) -> bool:
        try:
            with self._ask(path):
                return True
        except OSError:  # not there yet: no certificate, no server, or an answer that says so
            return False

    def listed(self, namespaces: Iterable[str]) -> Iterator[Manifest]:
        """The objects of some namespaces, as they are now."""
        spaces = set(namespaces)
        for path, kind in LISTED.items():
            for item in self.get(path)["items"]:
                if item["metadata"]["namespace"] in spaces:
                    yield {"kind": kind, **item}

    def contents(self, namespaces: Iterable[str]) -> dict[str, Manifest]:
        """Every object as it was written: without its status and the book-keeping of the server."""
        actual = {}
        for manifest in self.listed(namespaces):
            content = {key: value for key, value in manifest.items() if key != "status"}
            content["metadata"] = {
                key: value
                for key, value in manifest["metadata"].items()
                if key not in ("resourceVersion", "managedFields")
            }
            metadata = manifest["metadata"]
            actual[f"{manifest['kind']} {metadata['namespace']}/{metadata['name']}"] = content
        return actual

    # kubectl -----------------------------------------------------------------------------------

    def run(
        self, *arguments: str, stdin: str | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(SERVERS), "kubectl", f"--kubeconfig={self.kubeconfig}", *arguments],
            input=stdin, capture_output=True, text=True, timeout=timeout, cwd=self.place,
            env=self.environment,
        )  # fmt: skip

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout: float = 120) -> str:
        """The output of kubectl, which must succeed and must not warn."""
        result = self.run(*arguments, stdin=stdin, timeout=timeout)
        command_text = f"kubectl {' '.join(arguments)}"
        assert result.returncode == 0, (
            f"{command_text}\n{result.stdout[-2000:]}{result.stderr[-6000:]}"
        )
        assert not _messages(result.stderr), f"{command_text} warns:\n{result.stderr[-6000:]}"
        return result.stdout

    def shell(self, script: str, directory: Path, timeout: float = 300) -> str:
        """The output of a script of `kubectl` and `platformc` commands, stopped at its first failure.

        It runs as printed, once, and must have nothing to warn of.
        """
        process = subprocess.run(
            ["timeout", "--kill-after=10", str(timeout), "sh", "-ex"], input=script,
            capture_output=True, text=True, timeout=timeout + 20, cwd=directory,
            env=self.environment,
        )  # fmt: skip
        message = f"{process.stdout[-2000:]}{process.stderr[-4000:]}"
        assert process.returncode == 0, f"status {process.returncode} of\n{message}\n{self.logs()}"
        assert not any(line.startswith("Warning:") for line in _messages(process.stderr)), message
        return process.stdout

    @property
    def environment(self) -> dict[str, str]:
        """In which `kubectl`, `platformc` and the programs that they call are this cluster's."""
        path = f"{self.place / 'bin'}:{ROOT / '.tools/bin'}:{os.environ['PATH']}"
        return {
            **os.environ, "PATH": path, "KUBECONFIG": str(self.kubeconfig),
            "KUBECACHEDIR": str(self.place / "cache"), "GOGC": COLLECTION,
        }  # fmt: skip

    def _try(self, *arguments: str) -> str | None:
        result = self.run("--request-timeout=5s", *arguments)
        return result.stdout if result.returncode == 0 else None

    def apply(self, objects: Iterable[Manifest], *options: str) -> str:
        stream = "\n---\n".join(json.dumps(manifest) for manifest in objects)
        return self.kubectl("apply", *options, "-f", "-", stdin=stream) if stream else ""

    def until(self, result: Callable[[], bool], condition: str, timeout: float = START) -> None:
        deadline = time.monotonic() + timeout
        while not result():
            for name, process in self.processes.items():
                assert process.poll() is None, f"{name} ended:\n{self.log(name)}"
            assert time.monotonic() < deadline, (
                f"no {condition} after {timeout:.0f} s\n{self.logs()}"
            )
            time.sleep(0.2)

    # CustomResourceDefinitions -----------------------------------------------------------------

    def install(self, objects: Iterable[Manifest]) -> None:
        """The definitions of the custom resources among the objects."""
        kinds = {
            (manifest["apiVersion"].rpartition("/")[0], manifest["kind"]) for manifest in objects
        }
        self.define(definition for kind, definition in definitions().items() if kind in kinds)

    def define(self, expected: Iterable[Manifest]) -> None:
        """Some definitions, each once."""
        new = [name for name in expected if name["metadata"]["name"] not in self.installed]
        if not new:
            return
        self.apply(new, "--server-side")
        names = [f"crd/{definition['metadata']['name']}" for definition in new]
        # It gives up at once on a definition that has no condition yet.
        wait = ("wait", "--for=condition=Established", "--timeout=60s", *names)
        self.until(lambda: self._try(*wait) is not None, "definitions that are established")
        self.installed |= {definition["metadata"]["name"] for definition in new}

    # Clearing ----------------------------------------------------------------------------------

    def clear(self) -> None:
        """Take out of etcd all that came since the start but definitions.

        Deletion through the API asks for every kind in every namespace and waits for grace periods
        and finalizers; starting another cluster takes longer still. Controllers see the deletions,
        and objects that they make meanwhile go too.
        """
        deadline = time.monotonic() + CLEARED
        while new := self._keys() - self.first:
            assert time.monotonic() < deadline, f"comes again and again: {sorted(new)}"
            for key in sorted(new, key=lambda key: not key.startswith("/registry/namespaces/")):
                self._etcd("deleterange", key=key)
            time.sleep(0.2)

    def _keys(self) -> set[str]:
        """The objects that etcd holds."""
        actual = self._etcd("range", key="/registry/", range_end="/registry0", keys_only=True)
        keys = {b64decode(kv["key"]).decode() for kv in actual["kvs"]}
        return {key for key in keys if not key.removeprefix("/registry/").startswith(LASTING)}

    def _etcd(self, action: str, *, keys_only: bool = False, **keys: str) -> Manifest:
        words = {name: b64encode(key.encode()).decode() for name, key in keys.items()}
        body = json.dumps({**words, "keys_only": keys_only} if keys_only else words).encode()
        with urlopen(f"{self.etcd}/v3/kv/{action}", body, timeout=ANSWER) as answer:
            actual: Manifest = json.load(answer)
            return actual

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
        """Kill the programs. Their logs stay; etcd's data, hundreds of megabytes, does not."""
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()
        shutil.rmtree(self.place / "etcd", ignore_errors=True)


def definitions() -> dict[tuple[str, str], Manifest]:
    actual = {}
    for path in sorted((HERE / "crds").glob("*.yaml")):
        for line in path.read_text().splitlines():
            if line.startswith("{"):
                definition = json.loads(line)
                actual[definition["spec"]["group"], definition["spec"]["names"]["kind"]] = (
                    definition
                )
    return actual


def _nodes(count: int = 3) -> list[Manifest]:
    """Nodes with room for everything, in their own zones, and a default class of volumes."""
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


def _messages(stderr: str) -> list[str]:
    """The messages of kubectl for people: not the notes of its library, as of a watch that ended."""
    return [line for line in stderr.splitlines() if not re.match(r"I\d{4} ", line)]
