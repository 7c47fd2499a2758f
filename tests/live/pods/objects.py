"""The objects that were applied, as the parts of a node look them up."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Manifest = dict[str, Any]
WORKLOADS = ("Deployment", "StatefulSet", "Job")


class ConfigError(Exception):
    """A kubelet's CreateContainerConfigError."""


@dataclass
class Objects:
    """Manifests by kind, namespace and name; later ones replace earlier ones."""

    manifests_by_key: dict[tuple[str, str, str], Manifest] = field(default_factory=dict)

    def apply(self, manifests: Iterable[Manifest]) -> None:
        for manifest in manifests:
            meta = manifest["metadata"]
            self.manifests_by_key[manifest["kind"], meta.get("namespace", ""), meta["name"]] = (
                manifest
            )

    def of(self, *kinds: str) -> Iterator[tuple[str, str, Manifest]]:
        for (kind, namespace, name), manifest in sorted(self.manifests_by_key.items()):
            if kind in kinds:
                yield namespace, name, manifest

    def get(self, kind: str, namespace: str, name: str) -> Manifest:
        try:
            return self.manifests_by_key[kind, namespace, name]
        except KeyError:
            raise ConfigError(f'{kind.lower()} "{name}" not found in {namespace}') from None

    def data(self, kind: str, namespace: str, name: str) -> dict[str, bytes]:
        """The values of a ConfigMap or a Secret."""
        manifest = self.get(kind, namespace, name)
        texts = {**(manifest.get("stringData") or {})}
        encoded = manifest.get("binaryData") or {}
        if kind == "Secret":
            encoded = manifest.get("data") or {}
        else:
            texts |= manifest.get("data") or {}
        data = {key: base64.b64decode(value) for key, value in encoded.items()}
        return data | {key: str(value).encode() for key, value in texts.items()}

    def value(self, kind: str, namespace: str, reference: Manifest) -> bytes:
        data = self.data(kind, namespace, reference["name"])
        key = reference["key"]
        if key not in data:
            raise ConfigError(f"couldn't find key {key} in {kind} {namespace}/{reference['name']}")
        return data[key]


def pod_template(workload: Manifest) -> Manifest:
    spec = workload["spec"]
    if workload["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    template: Manifest = spec["template"]
    return template
