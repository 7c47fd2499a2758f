"""Printed plans on a real API server with simulated nodes, run as printed: a platform takes over objects that
were written by hand, and one back end takes the place of another.

Simulated pods write no logs, so the lines with `kubectl logs` are left out; their Jobs complete at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from live.control_plane import ControlPlane, Manifest
from live.platforms import read
from live.preparation import claims, volume

pytestmark = pytest.mark.live

HAND = Path(__file__).parent / "hand-written.yaml"
SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: tracking}}
spec:
  namespace: mlflow
  rendered: true
  secrets: {{provider: local}}
  {move}
  components: {components}
  environments: {{prod: {{}}}}
"""
TRACKING: Manifest = {"seaweedfs": {}, "postgres": {}, "mlflow": {}}
KINDS = "deployments,statefulsets,services,persistentvolumeclaims,secrets,configmaps"


class Bench:
    """A cluster, and the folder of a platform."""

    def __init__(self, folder: Path) -> None:
        (folder / "cluster").mkdir()
        self.folder = folder / "platform"
        self.folder.mkdir()
        self.plane = ControlPlane(folder / "cluster")

    def write(self, components: Manifest, move: str = "") -> None:
        text = SPEC.format(components=json.dumps(components), move=move)
        (self.folder / "platform.yaml").write_text(text)
        self.run("platformc compile")

    def run(self, script: str) -> str:
        return self.plane.shell(script, self.folder)

    def volumes(self, first: int) -> None:
        objects = read(self.folder / "out/prod")
        self.plane.apply(volume(first + n, name) for n, name in enumerate(claims(objects)))

    def ids(self) -> dict[str, str]:
        """The identity of each object: one that is deleted and made again has another."""
        text = self.plane.kubectl("get", KINDS, "-n", "mlflow", "-o", "json")
        return {
            f"{resource['kind']} {resource['metadata']['name']}": resource["metadata"]["uid"]
            for resource in json.loads(text)["items"]
        }

    def live_object(self, kind: str, name: str) -> Manifest:
        text = self.plane.kubectl("get", kind, name, "-n", "mlflow", "-o", "json")
        live: Manifest = json.loads(text)
        return live


def followed(plan: str) -> str:
    """A plan without the logs, which simulated pods do not write."""
    return "".join(f"{line}\n" for line in plan.splitlines() if not line.startswith("kubectl logs"))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    try:
        yield bench
    finally:
        bench.plane.close()


def test_what_was_written_by_hand_is_taken_over_in_place(bench: Bench) -> None:
    plane = bench.plane
    plane.apply([volume(0, "standard")])
    plane.kubectl("create", "namespace", "mlflow")
    plane.kubectl("apply", "-f", str(HAND))
    plane.kubectl("rollout", "status", "statefulset/mlflow-db", "-n", "mlflow", "--timeout=60s")
    before, address = bench.ids(), bench.live_object("service", "mlflow-db")["spec"]["clusterIP"]
    password = bench.live_object("secret", "mlflow-db-admin")["data"]

    bench.write(TRACKING)
    printed = bench.run("platformc adopt prod -n mlflow")
    assert "make a Secret with the administrator's `username` and `password`" in printed
    assert "# No part of the platform: Deployment mlflow/web." in printed
    components = TRACKING | yaml.safe_load(printed)["spec"]["components"]
    assert components["postgres"]["adopt"]["secret"] == "mlflow-db-admin"
    del components["mlflow"]["image"]  # without drivers: `unfit-version`
    bench.write(components)
    bench.volumes(1)
    assert bench.ids() == before
    plan = bench.run("platformc apply-plan prod")
    # The guide's sentences before the plan.
    bench.run(
        "kubectl delete statefulset mlflow-db -n mlflow --cascade=foreground --wait\n"
        "kubectl delete deployment mlflow -n mlflow --wait"
    )
    bench.run(followed(plan))

    after = bench.ids()
    gone = {"StatefulSet mlflow-db", "Deployment mlflow"}
    assert {key: after.get(key) for key in before if key not in gone} == {
        key: identity for key, identity in before.items() if key not in gone
    }
    assert bench.live_object("service", "mlflow-db")["spec"]["clusterIP"] == address
    assert bench.live_object("secret", "mlflow-db-admin")["data"] == password
    claim = bench.live_object("persistentvolumeclaim", "mlflow-db")
    assert (claim["status"]["phase"], claim["spec"]["volumeName"]) == ("Bound", "volume-0")
    for name, pod in (("mlflow-db", "postgres-0"), ("mlflow", "mlflow-")):
        slices = plane.kubectl(
            "get", "endpointslices", "-n", "mlflow", "-o", "json",
            "-l", f"kubernetes.io/service-name={name}",
        )  # fmt: skip
        pods = {
            endpoint["targetRef"]["name"]
            for endpoint_slice in json.loads(slices)["items"]
            for endpoint in endpoint_slice.get("endpoints") or ()
        }
        assert pods, name
        assert all(backend.startswith(pod) for backend in pods), (name, pods)
    ports = {port["port"] for port in bench.live_object("service", "mlflow")["spec"]["ports"]}
    assert {80, 5000} <= ports
    bench.run(followed(bench.run("platformc apply-plan prod")))
    assert bench.ids() == after


def test_a_printed_move_is_followed_there_and_back(bench: Bench) -> None:
    components = {"minio": {}, **TRACKING, "mlflow": {"gc": {"schedule": "0 3 * * 0"}}}
    bench.write(components, "move: {from: minio, to: seaweedfs}")
    bench.volumes(0)
    bench.run(followed(bench.run("platformc move prod")))
    before = bench.ids()
    assert "minio" in _store(bench)

    bench.write(components, "move: {from: minio, to: seaweedfs, cutOver: true}")
    _followed_from_the_freeze(bench, "platformc move prod")
    assert "seaweedfs" in _store(bench)
    _followed_by_an_ordinary_delivery(bench)

    bench.write(components, "move: {from: minio, to: seaweedfs}")
    _followed_from_the_freeze(bench, "platformc move prod --back")
    assert "minio" in _store(bench)
    _followed_by_an_ordinary_delivery(bench)
    after = bench.ids()
    lasting = ("StatefulSet", "PersistentVolumeClaim", "Service", "Secret", "Deployment")
    assert {key: text for key, text in before.items() if key.startswith(lasting)} == {
        key: text for key, text in after.items() if key.startswith(lasting)
    }


def _store(bench: Bench) -> str:
    """The store that MLflow's server uses."""
    (container,) = bench.live_object("deployment", "mlflow")["spec"]["template"]["spec"][
        "containers"
    ]
    return next(
        str(variable["value"])
        for variable in container["env"]
        if variable["name"] == "MLFLOW_S3_ENDPOINT_URL"
    )


def _followed_from_the_freeze(bench: Bench, verb: str) -> None:
    """A plan whose Job starts only once nothing writes."""
    lines = followed(bench.run(verb)).splitlines(keepends=True)
    start = next(n for n, line in enumerate(lines) if line.startswith("kubectl create job"))
    bench.run("".join(lines[:start]))
    assert bench.live_object("deployment", "mlflow")["spec"]["replicas"] == 0
    assert bench.live_object("cronjob", "mlflow-gc")["spec"]["suspend"]
    assert not bench.plane.kubectl(
        "get", "pods", "-n", "mlflow", "-l", "app.kubernetes.io/instance=mlflow", "-o", "name",
        "--field-selector", "status.phase=Running",
    )  # fmt: skip
    bench.run("".join(lines[start:]))
    assert bench.live_object("deployment", "mlflow")["status"]["readyReplicas"]
    assert not bench.live_object("cronjob", "mlflow-gc")["spec"]["suspend"]


def _followed_by_an_ordinary_delivery(bench: Bench) -> None:
    """No field is left to `kubectl scale` or `kubectl patch`."""
    bench.run(followed(bench.run("platformc apply-plan prod")))
    assert bench.live_object("deployment", "mlflow")["spec"]["replicas"] > 0
