"""Write the commands without which a delivery of some changes is refused, or never ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from shlex import quote

from msgspec import Struct
from msgspec.json import encode

from compiler.delivery.steps import WaveChange
from compiler.delivery.successors import deletion_with_pods
from compiler.diff import Action, Change
from compiler.diff.takeover import takes_over
from compiler.model.custom_resource import at, kubectl_kind
from compiler.model.effects import Risk
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.model.resource import Resource

Name = tuple[str, str, str]  # kind, namespace, name
_HOLDERS = ("PersistentVolumeClaim", "StorageClass", "CustomResourceDefinition")
_SIZE = "spec/volumeClaimTemplates/"


class Recreations(Struct, frozen=True):
    """The commands around waves, and the changes for which there are no safe commands."""

    changes: tuple[WaveChange, ...]
    refused: tuple[Change, ...]


def recreations(changes: Iterable[Change], before: Lowered, after: Lowered) -> Recreations:
    """The commands for the changes between two trees of one environment."""
    changed = [
        change for change in changes if change.action == Action.CHANGED and change.kind != "Job"
    ]
    old, new = _by_name(before), _by_name(after)
    commands, refused = [], []
    for change in changed:
        name = (change.kind, change.namespace, change.name)
        if name not in new or name not in old:  # a ConfigMap of files: it has no fixed field
            continue
        wave, resource = new[name]
        if change.recreation and not _is_safe(change, resource):
            refused.append(change)
            continue
        deletion = _deletion(old[name][1], resource) if change.recreation else ()
        restarts = tuple(judgement.then for judgement in change.judgements if judgement.then)
        if deletion or restarts:
            commands.append(
                WaveChange(wave, _title(change, old[name][1], resource), deletion, restarts)
            )
    return Recreations(tuple(commands), tuple(refused))


def _by_name(lowered: Lowered) -> Mapping[Name, tuple[int, Resource]]:
    """Each object with its wave."""
    return {
        (resource.kind, resource.namespace, resource.name): (package.wave(resource), resource)
        for package in lowered.all_packages
        for resource in package.resources
    }


def _is_safe(change: Change, resource: Resource) -> bool:
    """Whether the object can be deleted and made anew without a loss."""
    if change.risk == Risk.DATA_LOSS or change.kind in _HOLDERS:
        return False
    custom = resource.custom
    return custom is None or not (custom.holds_data or custom.never_pruned)


def _title(change: Change, before: Resource, resource: Resource) -> str:
    if resource.kind == "StatefulSet" and not takes_over(before.manifest, resource.manifest):
        return f"{change.title} is made anew with its pods, and its volumes stay"
    if resource.kind == "StatefulSet" and any(_SIZE in field.path for field in change.fields):
        return (
            f"{change.title} is made anew, and its pods and volumes stay; "
            "the storage class must allow a larger size"
        )
    return f"{change.title} is made anew, because a field of it cannot change"


def _deletion(before: Resource, after: Resource) -> tuple[str, ...]:
    """The commands before the object is applied: it is deleted, a StatefulSet without its pods if they can stay."""
    kind = kubectl_kind(before.manifest)
    space = f" -n {before.namespace}" if before.namespace else ""
    if before.kind != "StatefulSet":
        return (f"kubectl delete {kind} {before.name}{space} --ignore-not-found",)
    if takes_over(before.manifest, after.manifest):
        deletion = f"kubectl delete {kind} {before.name}{space} --cascade=orphan"
    else:
        deletion = deletion_with_pods(before)
    return (
        *_resized(before, _sizes(before.manifest), _sizes(after.manifest)),
        f"{deletion} --ignore-not-found",
    )


def _sizes(manifest: Manifest) -> dict[str, str | None]:
    """The size of the volumes of each claim template."""
    return {
        claim["metadata"]["name"]: at(claim, ("spec", "resources", "requests", "storage"))
        for claim in manifest["spec"].get("volumeClaimTemplates", ())
    }


def _resized(
    server: Resource, before: Mapping[str, str | None], after: Mapping[str, str | None]
) -> Iterator[str]:
    """The commands that set the new size on the claims that exist."""
    for claim, size in after.items():
        if claim in before and before[claim] != size:
            patch = encode({"spec": {"resources": {"requests": {"storage": size}}}}).decode()
            for number in range(int(server.manifest["spec"].get("replicas", 1))):
                name = f"{claim}-{server.name}-{number}"
                yield f"kubectl patch pvc {name} -n {server.namespace} -p {quote(patch)}"
