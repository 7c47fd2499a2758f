"""A patch of an object that guards the platform.

Guards are network policies, rules of a mesh, Pod Security of namespaces, roles, references to credentials and
the objects that make them, labels by which policies select pods, the accounts of pods, the logins before hosts,
and the routes of hosts. The object before the patch is compared
with the object after it. A patch after which `restricted` forbids a pod is an error already. A patch of a
guard may be intended, so it is reported once, and the user silences the warning with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from msgspec.structs import replace

from compiler.diagnostics import Report
from compiler.kube import guards
from compiler.kube.labels import INSTANCE
from compiler.kube.patching import PatchProblem, applied
from compiler.model import Lowered, Path, Platform, Resource
from compiler.model.package import PatchedObject


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    if not lowered.patched:
        return
    kinds = {kind for (_, kind), custom in lowered.custom_resources.items() if custom.is_rule}
    kinds.add("NetworkPolicy")
    selected = _selected(lowered, kinds)
    logins = {binding.consumer.name for binding in lowered.graph.bindings if binding.claim.guards}
    for patched in lowered.patched:
        target = patched.patch.target
        labels = patched.before.manifest["metadata"].get("labels", {})
        is_login = labels.get(INSTANCE) in logins
        for index, guard in _loosened(patched, kinds, selected, is_login=is_login):
            operation_path: Path = (*patched.path, "operations", index)
            report.add(
                "loosened-guard",
                f"the patch of {target.kind} `{target.name}` changes {guard}",
                platform.document.span_of(operation_path),
                path=operation_path,
                help="say it by `uses`, `bind` or a field instead, or silence this with the reason",
            )


def _selected(lowered: Lowered, kinds: set[str]) -> frozenset[str]:
    """The labels by which the rules of an environment select pods."""
    return frozenset(
        label
        for package in lowered.all_packages
        for resource in package.resources
        if resource.kind in kinds
        for label in guards.selectors(resource.manifest)
    )


def _loosened(
    patched: PatchedObject, kinds: set[str], selected: frozenset[str], *, is_login: bool
) -> Iterator[tuple[int, str]]:
    """The guards that a patch changes, each with the operations that change it."""
    is_rule = patched.before.kind in kinds
    guards_of = partial(guards.of, is_rule=is_rule, selected=selected, is_login=is_login)
    states = list(_states(patched))
    first = guards_of(patched.before)
    changed = {*guards.loosened(first, guards_of(states[-1][1]))} if states else set()
    if not changed:
        return
    before = first
    for index, state in states:
        try:
            after = guards_of(state)
        except (AttributeError, KeyError, TypeError):
            continue  # between two operations, an object may lack parts that a later one adds
        for guard in guards.loosened(before, after):
            if guard in changed:
                yield index, guard
        before = after


def _states(patched: PatchedObject) -> Iterator[tuple[int, Resource]]:
    """The object after each operation of a patch."""
    resource = patched.before
    for index, operation in enumerate(patched.patch.operations):
        part = patched.patch.model_copy(update={"operations": (operation,)})
        manifest = applied(part, resource.manifest)
        if not isinstance(manifest, PatchProblem):
            resource = replace(resource, manifest=manifest)
            yield index, resource
