"""Check that namespaces refuse pods that see their node's processes."""

from __future__ import annotations

import json
from collections.abc import Iterator

from compiler.delivery.answers import Ask, asked
from compiler.delivery.doctor.finding import Finding
from compiler.emit.manifests import manifests
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered


def admission(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    """Whether namespaces refuse a pod with `hostPID`, which the platform never uses.

    A privileged pod would prove nothing: an API server without `--allow-privileged` refuses it
    everywhere.
    """
    for manifest in manifests(lowered):
        if manifest["kind"] != "Namespace":
            continue
        space = manifest["metadata"]["name"]
        if asked(ask, Manifest, "get", "namespace", space) is None:
            yield Finding(True, f"namespace `{space}` is not there yet")
            continue
        words = ["create", "--dry-run=server", "-n", space, "-f", "-"]
        status, _, error = ask(words, json.dumps(_INTRUSIVE))
        if status == 0:
            yield Finding(False, f"namespace `{space}` admits pods with the node's processes")
        elif "PodSecurity" in error or "denied" in error:
            yield Finding(True, f"namespace `{space}` refuses pods with the node's processes")
        else:
            yield Finding(False, f"namespace `{space}`: {error.strip()}")


_INTRUSIVE: Manifest = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "platformc-doctor"},
    "spec": {"hostPID": True, "containers": [{"name": "probe", "image": "scratch:1"}]},
}
