"""Write the commands that wait until the objects of a wave are well.

Argo CD waits for the health of a wave's objects without instructions; kubectl needs a condition for
each kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from compiler.delivery.steps import TIMEOUT
from compiler.model.custom_resource import CustomResource, kubectl_kind
from compiler.model.manifest import Manifest

Kinds = Mapping[tuple[str, str], CustomResource]  # the kinds of operators, by group and kind


def waits(manifests: Iterable[Manifest], kinds: Kinds) -> Iterator[str]:
    """One wait for each server, and one for all objects of a namespace with the same condition."""
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for manifest in manifests:
        name, space = manifest["metadata"]["name"], manifest["metadata"].get("namespace", "")
        namespace = f" -n {space}" if space else ""
        if manifest["apiVersion"].startswith("apps/"):
            server = f"{manifest['kind'].lower()}/{name}"
            yield f"kubectl rollout status {server}{namespace} --timeout={TIMEOUT}"
        elif condition_of := _condition(manifest, kinds):
            kind, condition, limit = condition_of
            grouped.setdefault((condition, namespace, limit), []).append(f"{kind}/{name}")
    for (condition, namespace, limit), names in grouped.items():
        yield f"kubectl wait --for={condition} {' '.join(names)}{namespace} --timeout={limit}"


def _condition(manifest: Manifest, kinds: Kinds) -> tuple[str, str, str] | None:
    """kubectl's name of a kind, the condition that means it is ready, and the timeout."""
    kind, group = manifest["kind"], manifest["apiVersion"].rpartition("/")[0]
    if kind == "Job" and group == "batch":
        deadline = manifest["spec"].get("activeDeadlineSeconds")
        return "job", "condition=Complete", f"{deadline}s" if deadline else TIMEOUT
    if kind == "CustomResourceDefinition":
        return "crd", "condition=Established", "1m"
    custom = kinds.get((group, kind))
    if custom is None or not custom.ready:
        return None
    return kubectl_kind(manifest), f"'{custom.ready}'", TIMEOUT
