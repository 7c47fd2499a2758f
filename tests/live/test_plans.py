"""Plans as printed: `apply-plan` brings a platform to an empty cluster in one pass, and `doctor`
names the gaps of the cluster before and after.

Operators are not here: their definitions are, and a stand-in that calls their objects done.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from support.paths import ROOT, SCENARIOS

from compiler import pipeline
from compiler.model.package import Lowered
from compiler.upstream import lock
from compiler.upstream.prerequisites import prerequisites
from live.control_plane import ControlPlane, Manifest
from live.preparation import claims, namespace, volume
from live.stand_in import StandIn
from live.test_apply import becomes_ready

pytestmark = pytest.mark.live

PLATFORMS = {
    "reference": (ROOT / "platform.yaml", "prod"),
    "ceph": (SCENARIOS / "ceph/platform.yaml", "prod"),
    "cloudnative-pg": (SCENARIOS / "cloudnative-pg/platform.yaml", "prod"),
}


@dataclass
class Bench:
    """An empty cluster, and a platform in its own folder."""

    plane: ControlPlane
    directory: Path
    environment: str

    @property
    def lowered(self) -> Lowered:
        spec = self.directory / "platform.yaml"
        result = pipeline.compile(spec.read_bytes(), "platform.yaml", lock.read(spec))
        return result.lowered[self.environment]

    @property
    def objects(self) -> list[Manifest]:
        from compiler.emit.manifests import manifests

        return manifests(self.lowered)

    def platformc(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["platformc", *words], capture_output=True, text=True, timeout=120,
            cwd=self.directory, env=self.plane.environment,
        )  # fmt: skip

    def run(self, *words: str) -> str:
        result = self.platformc(*words)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def doctor(self) -> tuple[int, dict[str, bool]]:
        """Its status, and its verdict about each thing."""
        result = self.platformc("doctor", self.environment)
        lines = [line.split("  ", 1) for line in result.stdout.splitlines()]
        actual = {text.strip(): word.strip() == "ok" for word, text in lines}
        assert actual, result.stderr
        return result.returncode, actual

    def missing(self) -> list[str]:
        return [text for text, passed in self.doctor()[1].items() if not passed]

    def install_upstream(self) -> None:
        """The objects that the platform's author has installed before: definitions, namespaces, and objects of
        upstream's own, configured with the commands that `prerequisites` prints."""
        needed = prerequisites(self.lowered.graph)
        upstream_objects = [
            manifest for prerequisite in needed for manifest in prerequisite.objects
        ]
        self.plane.install([*self.objects, *upstream_objects])
        for prerequisite in needed:
            namespaces = [namespace(name) for name in prerequisite.namespaces]
            self.plane.apply([*namespaces, *map(upstream, prerequisite.objects)])
        printed = self.run("prerequisites", self.environment)
        patches = re.findall(r"^ +(kubectl patch .*)$", printed, re.MULTILINE)
        self.plane.shell("\n".join(patches), self.directory)


def upstream(manifest: Manifest) -> Manifest:
    """An object as upstream makes it, without any configuration."""
    bare = {key: manifest[key] for key in ("apiVersion", "kind")}
    keys = ("name", "namespace")
    bare["metadata"] = {
        key: manifest["metadata"][key] for key in keys if key in manifest["metadata"]
    }
    if manifest["kind"] == "Service":
        ports = [port["port"] for port in manifest["spec"]["ports"]]
        bare["spec"] = {"ports": [{"name": f"port-{port}", "port": port} for port in ports]}
    if manifest["kind"] == "Deployment":
        labels = {"app": manifest["metadata"]["name"]}
        pod = manifest["spec"]["template"].get("spec", {})
        names = [container["name"] for container in pod.get("containers", ())] or ["main"]
        containers = [{"name": name, "image": "upstream:1"} for name in names]
        template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
        bare["spec"] = {"selector": {"matchLabels": labels}, "template": template}
    if manifest["kind"] == "ClusterStorageContainer":
        container = {"name": "storage-initializer", "image": "upstream:1"}
        bare["spec"] = {"container": container, "supportedUriFormats": [{"prefix": "s3://"}]}
    return bare


@pytest.fixture(params=PLATFORMS)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    spec, environment = PLATFORMS[request.param]
    (tmp_path / "cluster").mkdir()
    (tmp_path / "platform").mkdir()
    shutil.copy(spec, tmp_path / "platform/platform.yaml")
    if (authorities := spec.parent / "certs").is_dir():
        shutil.copytree(authorities, tmp_path / "platform/certs")
    plane = ControlPlane(tmp_path / "cluster")
    try:
        yield Bench(plane, tmp_path / "platform", environment)
    finally:
        plane.close()


def test_a_plan_brings_a_platform_to_an_empty_cluster(bench: Bench) -> None:
    bench.run("compile")
    status, actual = bench.doctor()
    assert status == 1
    lacking = {text for text, passed in actual.items() if not passed}
    for kind in custom_kinds(bench.objects):
        assert any(text.startswith(f"no {kind}") for text in lacking), kind
    for prerequisite in prerequisites(bench.lowered.graph):
        for name in prerequisite.namespaces:
            assert f"{prerequisite.system}: no namespace `{name}`" in lacking

    bench.install_upstream()
    # The plan has to make the rest: the Secrets.
    assert [text for text in bench.missing() if not text.startswith("no Secret")] == []

    bench.plane.apply(volume(index, name) for index, name in enumerate(claims(bench.objects)))
    with StandIn(bench.plane, bench.objects):
        bench.plane.shell(bench.run("apply-plan", bench.environment), bench.directory)
    becomes_ready(bench.plane, bench.objects)
    assert bench.doctor()[0] == 0, bench.missing()
    _remove_each(bench)


def custom_kinds(objects: list[Manifest]) -> set[str]:
    return {
        f"{manifest['kind']} {manifest['apiVersion']}"
        for manifest in objects
        if "." in manifest["apiVersion"]
        and not manifest["apiVersion"].partition("/")[0].endswith("k8s.io")
    }


def _remove_each(bench: Bench) -> None:
    """Each thing that a cluster loses is said, alone."""
    plane, namespace = (
        bench.plane,
        next(manifest for manifest in bench.objects if manifest["kind"] == "Namespace"),
    )
    space = namespace["metadata"]["name"]
    default = "storageclass.kubernetes.io/is-default-class"
    plane.kubectl("annotate", "storageclass", "standard", "--overwrite", f"{default}=false")
    enforce = "pod-security.kubernetes.io/enforce"
    plane.kubectl("label", "namespace", space, "--overwrite", f"{enforce}=privileged")
    credential = bench.lowered.credentials[0]
    home = credential.namespaces[0]
    plane.kubectl("delete", "secret", credential.name, "-n", home)
    expected = [f"no Secret `{home}/{credential.name}`; see `platformc secrets`",
                f"namespace `{space}` admits pods with the node's processes"]  # fmt: skip
    if claims(bench.objects):
        expected.insert(0, "no default storage class; set `spec.cluster.storageClass`")
    assert bench.missing() == expected
    path = bench.directory / "platform.yaml"
    spec = yaml.safe_load(path.read_text())
    spec["spec"].setdefault("cluster", {})["kubernetes"] = "1.35"
    path.write_text(yaml.safe_dump(spec))
    assert "Kubernetes 1.36, and `spec.cluster.kubernetes` says 1.35" in bench.missing()
