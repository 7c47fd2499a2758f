"""A patch of an object that guards the platform.

Guards are network policies, rules of a mesh, Pod Security of namespaces, and references to credentials. A
patch after which `restricted` forbids a pod is an error already. A patch of a guard may be intended, so it
is reported once, and the user silences the warning with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.diagnostics import Report
from compiler.model import Lowered, Path, Platform
from compiler.spec.component import Patch, PatchOperation

_SECURITY = "pod-security.kubernetes.io~1"
_CREDENTIAL = re.compile(r"/(secretKeyRef|secretName|secretRef)(/|$)")
# The removal of an element of these lists only makes a policy stricter.
_NARROWER = re.compile(r"/spec/(ingress|egress)/\d+(/(from|to|ports)/\d+)?")


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    rules = {kind for (_, kind), custom in lowered.custom_resources.items() if custom.is_rule}
    rules.add("NetworkPolicy")
    for path, patch in _patches(platform):
        for index, operation in enumerate(patch.operations):
            guard = _guard(patch, operation, rules)
            if guard:
                operation_path: Path = (*path, "operations", index)
                target = f"{patch.target.kind} `{patch.target.name}`"
                report.add(
                    "loosened-guard",
                    f"the patch of {target} changes {guard}",
                    platform.document.span_of(operation_path),
                    path=operation_path,
                    help="say it by `uses`, `bind` or a field instead, or silence this with the reason",
                )


def _patches(platform: Platform) -> Iterator[tuple[Path, Patch]]:
    root: Path = ("spec",)
    owners = [(root, platform.settings.patches)]
    owners += [
        (instance.path, instance.spec.patches)
        for instance in platform.having("patches")
        if instance.spec.patches
    ]
    for path, patches in owners:
        for index, patch in enumerate(patches):
            yield (*path, "patches", index), patch


def _guard(patch: Patch, operation: PatchOperation, rules: set[str]) -> str | None:
    """The guard that an operation changes, or None."""
    if operation.op == "test":
        return None
    kind, path = patch.target.kind, operation.path
    if kind in rules and path.startswith("/spec"):
        removed = operation.op == "remove" and _NARROWER.fullmatch(path)
        return None if removed else "the traffic that it admits"
    if kind == "Namespace" and (_SECURITY in path or path == "/metadata/labels"):
        return "the Pod Security of the namespace"
    if _CREDENTIAL.search(path) or "secretKeyRef" in str(operation.value):
        return "the credential that is read"
    return None
