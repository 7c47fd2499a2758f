"""trivy 0.74: misconfiguration of Kubernetes objects, RBAC and ConfigMaps among them.

It says which file a finding is in and leaves out the namespace, so each object is a file of its
own; common parts of environments are looked at once. Every check passes on unrelated objects,
so it is given only kinds that some check is about. The checks are those that it was built with: it
fetches no newer ones.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from support.programs import Reader, tool

from compiler.model.manifest import Manifest
from judges.finding import Finding, Verdict

KINDS = frozenset(
    {
        "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "WorkflowTemplate",
        "CronWorkflow", "Service", "ConfigMap", "Role", "RoleBinding", "ClusterRole",
        "ClusterRoleBinding",
    }
)  # fmt: skip


def judge(paths: Sequence[Path]) -> Mapping[Path, Verdict]:
    """One run for all files, since most of a run is its start."""
    folder = paths[0].parent / "trivy"
    folder.mkdir()
    objects = {path: list(_objects(path)) for path in paths}
    distinct = {name: manifest for named in objects.values() for name, manifest in named}
    for name, manifest in distinct.items():
        (folder / name).write_text(json.dumps(manifest))
    results = {result["Target"]: result for result in _results(folder)}
    return {path: _verdict(actual, results) for path, actual in objects.items()}


def _objects(path: Path) -> Iterator[tuple[str, Manifest]]:
    """Every object of a file, with a name from its content."""
    for document in yaml.load_all(path.read_text(), Reader):
        if document["kind"] in KINDS:
            yield f"{sha256(json.dumps(document).encode()).hexdigest()}.json", document


def _results(folder: Path) -> list[dict[str, Any]]:
    command = [
        tool("trivy"), "config", "--format", "json", "--include-non-failures", "--quiet",
        "--misconfig-scanners", "kubernetes", "--skip-check-update", "--skip-version-check",
        "--disable-telemetry", "--cache-dir", str(folder.parent / "cache"), str(folder),
    ]  # fmt: skip
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    actual: list[dict[str, Any]] = json.loads(process.stdout)["Results"]
    return actual


def _verdict(objects: list[tuple[str, Manifest]], results: Mapping[str, Any]) -> Verdict:
    findings, looked_at, passed = list[Finding](), set[tuple[str, str, str]](), 0
    for name, manifest in objects:
        if name not in results:
            continue
        metadata = manifest["metadata"]
        object_key = (manifest["kind"], metadata.get("namespace", ""), metadata["name"])
        looked_at.add(object_key)
        for check in results[name].get("Misconfigurations", ()):
            if check["Status"] == "PASS":
                passed += 1
            else:
                findings.append(Finding(check["ID"], *object_key))
    return Verdict(tuple(findings), frozenset(looked_at), passed)
