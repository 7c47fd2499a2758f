"""Patches of `replicas` that put several pods on one volume, or one database on several.

A ReadWriteOnce volume is attached to one node (Kubernetes, access modes), so a Deployment with more
replicas hangs. A StatefulSet gives each pod a separate volume, so a server without replication
becomes several independent servers.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Report
from compiler.model import Instance, Lowered, Manifest, Path, Platform, pod_template


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    for package in lowered.packages.values():
        if package.instance is None:
            continue
        for resource in package.resources:
            for problem in _problems(resource.manifest, package.instance):
                path: Path = (*package.instance.path, "patches")
                report.add(
                    "volume-replicas",
                    f"{resource.kind} `{resource.name}` {problem}",
                    platform.document.span_of(path),
                    path=path,
                    help="take `replicas` out of the patch; a component that can replicate has "
                    "its own field `replicas`",
                )


def _problems(manifest: Manifest, instance: Instance[object]) -> Iterator[str]:
    replicas = manifest["spec"].get("replicas", 1) if "spec" in manifest else 1
    template = pod_template(manifest)
    if template is None or not isinstance(replicas, int) or replicas < 2:
        return
    volumes = template["spec"].get("volumes", [])
    if manifest["kind"] == "Deployment" and any(
        "persistentVolumeClaim" in volume for volume in volumes
    ):
        yield f"has {replicas} replicas on one volume claim"
    if manifest["kind"] == "StatefulSet" and not hasattr(instance.spec, "replicas"):
        yield f"has {replicas} replicas, each with a separate volume and separate data"
