"""The printed Application of `--road rendered` in the repository server's own code (Argo CD 3.5.7): the tool
that it chooses for the folder, and the objects that it delivers, with planted files there."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from support.kustomize import by_id, write
from support.paths import SCENARIOS

from compiler import pipeline
from compiler.cli import platformc
from compiler.emit.manifests import manifests
from live.argocd.sidecar import BIN, HERE

pytestmark = pytest.mark.live

SPEC = (SCENARIOS / "minimal" / "platform.yaml").read_text()
OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: planted, namespace: mlops}\n"
PLANTED = {
    "nothing": {},
    "objects": {"99-planted.yaml": OBJECT, "planted.yml": OBJECT, "sub/planted.json": OBJECT},
    "a spec, which the plugin would render": {"platform.yaml": SPEC},
    "a chart": {"Chart.yaml": "apiVersion: v2\nname: planted\nversion: 0.1.0\n"},
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    spec = SPEC.replace("spec:\n", "spec:\n  rendered: true\n")
    (tmp_path / "platform.yaml").write_text(spec)
    write(pipeline.compile(spec.encode(), "platform.yaml").tree(), tmp_path)
    return tmp_path


def source(checkout: Path) -> dict[str, Any]:
    words = [
        "argocd",
        "applications",
        "--road",
        "rendered",
        "--repo",
        "https://git.example.com/p.git",
    ]
    printed = CliRunner().invoke(platformc, [*words, "-f", str(checkout / "platform.yaml")])
    _, application = yaml.safe_load_all(printed.stdout)
    result: dict[str, Any] = application["spec"]["source"]
    return result


def rendered(checkout: Path) -> subprocess.CompletedProcess[str]:
    subprocess.run([str(HERE / "build.sh")], check=True)
    return subprocess.run(
        [str(BIN / "argocd-render"), "-root", str(checkout)],
        input=json.dumps(source(checkout)),
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
    )


@pytest.mark.parametrize("case", PLANTED)
def test_listed_files_alone_are_delivered(checkout: Path, case: str) -> None:
    write({f"out/default/{name}": text for name, text in PLANTED[case].items()}, checkout)
    process = rendered(checkout)
    assert process.returncode == 0, process.stderr
    answer = json.loads(process.stdout)
    assert answer["tool"] == "Kustomize"
    result = pipeline.compile(SPEC.encode(), "platform.yaml")
    assert by_id(answer["manifests"]) == by_id(manifests(result.lowered["default"]))


def test_a_second_kustomization_stops_the_delivery(checkout: Path) -> None:
    write(
        {"out/default/kustomization.yaml": "resources: [99.yaml]\n", "out/default/99.yaml": OBJECT},
        checkout,
    )
    process = rendered(checkout)
    assert process.returncode != 0
    assert "multiple kustomization files" in process.stderr
