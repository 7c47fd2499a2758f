"""Restart pods when one of their config files changes, by its checksum in the pod template.

kustomize's hash suffixes do not reach custom resources, so the names stay plain.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from compiler.derive.packages import annotated, each_pod
from compiler.diagnostics import Report
from compiler.model.instance import PREFIX
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package


def derive(lowered: Lowered, report: Report) -> Lowered:
    def add_checksum(package: Package, template: Manifest) -> Manifest:
        volumes = template["spec"].get("volumes", ())
        mounted = {name for volume in volumes for name in _config_maps(volume)}
        digest = sha256()
        used = False
        for config in package.configs:
            if config.name in mounted:
                used = True
                for name, text in sorted(config.files.items()):
                    digest.update(f"{config.name}\0{name}\0{text}\0".encode())
        if not used:
            return template
        return annotated(template, {f"{PREFIX}/config": digest.hexdigest()[:16]})

    return each_pod(lowered, add_checksum)


def _config_maps(volume: Manifest) -> Iterator[str]:
    """The ConfigMaps of a volume, also of one that joins several sources."""
    for source in (volume, *volume.get("projected", {}).get("sources", ())):
        if "configMap" in source:
            yield source["configMap"]["name"]
