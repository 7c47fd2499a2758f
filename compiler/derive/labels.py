"""Add the labels that Kubernetes recommends, and the user's labels, to every object."""

from __future__ import annotations

from compiler.derive.packages import each_object
from compiler.diagnostics import Report
from compiler.model.manifest import Manifest
from compiler.model.package import KUBERNETES, Lowered, Package, package_labels
from compiler.model.resource import pod_template
from compiler.spec.image import split_image


def derive(lowered: Lowered, report: Report) -> Lowered:
    common = {
        name: package_labels(lowered.platform, package)
        for name, package in lowered.packages.items()
    }

    def add_labels(package: Package, manifest: Manifest) -> Manifest:
        metadata = manifest["metadata"]
        labels = {**common[package.name], **_version(manifest), **metadata.get("labels", {})}
        return {**manifest, "metadata": {**metadata, "labels": dict(sorted(labels.items()))}}

    return each_object(lowered, add_labels)


def _version(manifest: Manifest) -> dict[str, str]:
    template = pod_template(manifest)
    if template is None:
        return {}
    _, tag, _ = split_image(template["spec"]["containers"][0]["image"])
    # A label begins and ends with a letter or digit; a tag may also begin and end with other signs.
    version = tag.strip("._-")[:63].rstrip("._-")
    return {f"{KUBERNETES}/version": version} if version else {}
