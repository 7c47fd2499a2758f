"""The recommended labels on everything, and the user's own beside them."""

from __future__ import annotations

from compiler.derive.packages import each_object
from compiler.diagnostics import Report
from compiler.model.image import split_image
from compiler.model.package import Lowered, Package, Platform
from compiler.model.resource import Manifest, pod_template

KUBERNETES = "app.kubernetes.io"


def derive(lowered: Lowered, report: Report) -> Lowered:
    common = {
        name: package_labels(lowered.platform, package)
        for name, package in lowered.packages.items()
    }

    def one(package: Package, manifest: Manifest) -> Manifest:
        metadata = manifest["metadata"]
        labels = {**common[package.name], **_version(manifest), **metadata.get("labels", {})}
        return {**manifest, "metadata": {**metadata, "labels": dict(sorted(labels.items()))}}

    return each_object(lowered, one)


def package_labels(platform: Platform, package: Package) -> dict[str, str]:
    """The labels of everything in one package."""
    instance = package.instance
    own = instance.spec.labels if instance else {}
    type = instance.type if instance else package.name
    return {
        **platform.labels,
        **own,
        f"{KUBERNETES}/instance": package.name,
        f"{KUBERNETES}/managed-by": "platformc",
        f"{KUBERNETES}/name": type,
        f"{KUBERNETES}/part-of": platform.name,
    }


def _version(manifest: Manifest) -> dict[str, str]:
    template = pod_template(manifest)
    if template is None:
        return {}
    _, tag, _ = split_image(template["spec"]["containers"][0]["image"])
    return {f"{KUBERNETES}/version": tag[:63].rstrip("._-")} if tag else {}
