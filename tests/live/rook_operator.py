"""Rook's operator, for a Ceph cluster that runs as pods here: it makes the gateways, users and buckets.

It is of 1.18.2 (tests/cluster/operators.sh), has the manifests of its release with the printed settings and the
rights of its account, and takes the cluster as an external one, with the administrator's key. The control plane
has its objects. Nodes are simulated there: each Job and Deployment that the operator makes is run by the node of
these tests.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from support.custom_resources import as_resource

from live import ceph_cluster
from live.ceph_cluster import CLUSTER, IMAGE, MONITOR, NAMESPACE
from live.control_plane import ControlPlane
from live.platforms import Manifest
from live.pods.images import HOME
from live.pods.node import Node
from live.pods.objects import pod_template

FILES = HOME / "operators/rook/manifests"
OPERATOR = "rook-ceph-operator"
PATIENCE = 240.0  # seconds until the operator has done its work
PATHS = {
    "Secret": "api/v1", "ConfigMap": "api/v1", "Service": "api/v1", "Pod": "api/v1",
    "Deployment": "apps/v1", "Job": "batch/v1",
}  # fmt: skip
READ = ("Secret", "ConfigMap", "Service")
DELIVERED = (
    "Secret",
    "CephObjectStore",
    "CephObjectStoreUser",
    "StorageClass",
    "ObjectBucketClaim",
)


class Operator:
    """Applies the objects of a platform to a control plane whose operator serves them."""

    def __init__(self, node: Node, plane: ControlPlane) -> None:
        self.node, self.plane = node, plane
        self.jobs: set[str] = set()

    def start(self, prerequisites: Path) -> None:
        """The Ceph cluster, and the operator that finds it."""
        self.node.apply(ceph_cluster.cluster(self.node.place))
        self.node.wait(60, MONITOR)
        self.node.join(self.plane)
        for name in ("crds", "common", "csi-operator", "operator"):
            self.plane.kubectl("apply", "--server-side", "-f", str(FILES / f"{name}.yaml"))
        name = "rook-ceph-operator-config"
        patch = prerequisites / f"ceph/patch-configmap-{name}.yaml"
        self.plane.kubectl("patch", "configmap", name, "-n", NAMESPACE, "--patch-file", str(patch))
        self.plane.apply(self._external())
        self.plane.until(lambda: bool(self._pods()), "pod of the operator")
        self._run_deployments([OPERATOR])
        self._until(lambda: self._phase("cephclusters", NAMESPACE) == "Connected", "connection")

    def apply(self, manifests: Iterable[Manifest]) -> None:
        """Until all objects have the state of the plan's waits, and users have the keys of their Secrets."""
        objects = [item for item in manifests if item["kind"] in DELIVERED]
        self.plane.apply(
            item for item in objects if item["metadata"].get("namespace", NAMESPACE) == NAMESPACE
        )
        self._until(lambda: all(map(self._ready, objects)), "objects that are ready")
        users = [item for item in objects if item["kind"] == "CephObjectStoreUser"]
        self._until(lambda: all(map(self._has_its_keys, users)), "keys of all users")

    # The cluster -------------------------------------------------------------------------------

    def _external(self) -> Iterator[Manifest]:
        """A cluster that Rook did not make, as its documentation has it imported."""
        keyring = self.node.place / "keyring"
        key = subprocess.run(
            ["ceph-authtool", keyring, "--print-key", "-n", "client.admin"],
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip
        address = self.node.pod(NAMESPACE, MONITOR).address
        access = {"fsid": CLUSTER, "ceph-username": "client.admin", "ceph-secret": key,
                  "admin-secret": key, "mon-secret": "mon-secret", "cluster-name": NAMESPACE}  # fmt: skip
        monitors = {"data": f"a={address}:6789", "mapping": "{}", "maxMonId": "0"}
        yield _object("v1", "Secret", "rook-ceph-mon", stringData=access)
        yield _object("v1", "ConfigMap", "rook-ceph-mon-endpoints", data=monitors)
        spec = {
            "external": {"enable": True}, "cephVersion": {"image": IMAGE},
            "dataDirHostPath": "/var/lib/rook", "crashCollector": {"disable": True},
            "monitoring": {"metricsDisabled": True},
        }  # fmt: skip
        yield _object("ceph.rook.io/v1", "CephCluster", NAMESPACE, spec=spec)

    # Looking -----------------------------------------------------------------------------------

    def _listed(self, kind: str) -> list[Manifest]:
        path = PATHS[kind]
        root = "" if path == "api/v1" else "apis/"
        items = self.plane.get(f"{root}{path}/namespaces/{NAMESPACE}/{kind.lower()}s")["items"]
        return [{"kind": kind, **item} for item in items]

    def _pods(self) -> list[Manifest]:
        return [
            item
            for item in self._listed("Pod")
            if item["metadata"].get("labels", {}).get("app") == OPERATOR
        ]

    def _phase(self, kinds: str, name: str) -> str:
        path = f"apis/ceph.rook.io/v1/namespaces/{NAMESPACE}/{kinds}/{name}"
        return str(self.plane.get(path).get("status", {}).get("phase"))

    def _ready(self, manifest: Manifest) -> bool:
        custom = as_resource(manifest).custom
        if custom is None or not custom.ready:
            return True
        name = f"{custom.kind.lower()}.{custom.group}/{manifest['metadata']['name']}"
        words = ("-n", NAMESPACE, f"--for={custom.ready}", "--timeout=1s")
        return self.plane.run("wait", name, *words).returncode == 0

    def _has_its_keys(self, user: Manifest) -> bool:
        """Whether the operator has seen the Secrets as they are (`status.keys`)."""
        path = f"apis/ceph.rook.io/v1/namespaces/{NAMESPACE}/cephobjectstoreusers/{user['metadata']['name']}"
        reported = self.plane.get(path)["status"].get("keys", ())
        live = {
            item["metadata"]["name"]: item["metadata"]["resourceVersion"]
            for item in self._listed("Secret")
        }
        return bool(reported) and all(
            live[key["name"]] == key["resourceVersion"] for key in reported
        )

    # Running -----------------------------------------------------------------------------------

    def _until(self, result: Callable[[], bool], condition: str) -> None:
        """Run the pods of the operator's objects until a condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not result():
            self._run()
            assert time.monotonic() < deadline, f"no {condition}:\n{self.node.report(lines=60)}"
            time.sleep(0.5)

    def _run(self) -> None:
        self.node.apply(item for kind in READ for item in self._listed(kind))
        gateways = [item["metadata"]["name"] for item in self._listed("Deployment")
                    if item["metadata"]["name"].startswith("rook-ceph-rgw-")]  # fmt: skip
        self._run_deployments(gateways)
        self._configure_again(gateways)
        for job in self._listed("Job"):
            if job["metadata"]["uid"] not in self.jobs:
                self.jobs.add(job["metadata"]["uid"])
                name = job["metadata"]["name"]
                self.node.run(NAMESPACE, name, template=self._runnable(pod_template(job)))

    def _run_deployments(self, names: list[str]) -> None:
        for deployment in self._listed("Deployment"):
            if deployment["metadata"]["name"] in names:
                template = self._runnable(pod_template(deployment))
                spec = {**deployment["spec"], "template": template}
                self.node.apply([{**deployment, "spec": spec}])

    def _configure_again(self, names: list[str]) -> None:
        """A kubelet tries until a pod's objects are there, as Rook needs it.

        It makes the ConfigMap of MIME types after the Deployment that has it (`startRGWPods`,
        pkg/operator/ceph/object/rgw.go of 1.18.2).
        """
        for pod in self.node.all_pods():
            name = pod.owner["metadata"]["name"]
            if pod.namespace == NAMESPACE and name in names and pod.failed:
                self.node.restart("Deployment", NAMESPACE, name)

    def _runnable(self, template: Manifest) -> Manifest:
        """A pod as a kubelet sees it: with its account, and the fields that only a scheduled pod has."""
        pod = {**template["spec"], "automountServiceAccountToken": True}
        for key in ("initContainers", "containers"):
            pod[key] = [{**item, "env": list(self._environment(item))} for item in pod.get(key, ())]
        # Folders of the node, for logs and sockets that nothing reads here.
        pod["volumes"] = [
            {"name": item["name"], "emptyDir": {}} if "hostPath" in item else item
            for item in pod.get("volumes", ())
        ]
        return {**template, "spec": pod}

    def _environment(self, container: Manifest) -> Iterator[Manifest]:
        for variable in container.get("env", ()):
            match variable.get("valueFrom"):
                case {"resourceFieldRef": _}:  # its bounds, for daemons that cache
                    continue
                case {"fieldRef": {"fieldPath": "spec.nodeName"}}:
                    yield {"name": variable["name"], "value": "node"}
                case {"fieldRef": {"fieldPath": "metadata.name"}} if container["name"] == OPERATOR:
                    # The operator asks the API server for its pod.
                    (pod,) = self._pods()
                    yield {"name": variable["name"], "value": pod["metadata"]["name"]}
                case _:
                    yield variable


def _object(api: str, kind: str, name: str, **fields: Manifest) -> Manifest:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}
