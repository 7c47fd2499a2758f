"""The escape hatch: the user's JSON 6902 operations on one of a component's objects.

What comes out is looked at here, where it is known which operation did it. An object that nobody would
accept is left as it was, so that later passes can rely on what objects are like.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from compiler.derive.packages import each_package
from compiler.diagnostics import Report, listing, suggestion
from compiler.document import Node, Path
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest, Resource
from compiler.registry import upstreams
from compiler.spec.component import Patch


class PatchProblem(Struct, frozen=True):
    """What is wrong with a patch; `at` is the place in the object, where there is one."""

    code: str
    message: str
    help: tuple[str, ...] = ()
    at: str | None = None


def derive(lowered: Lowered, report: Report) -> Lowered:
    document = lowered.platform.document

    def one(package: Package) -> Package:
        instance = package.instance
        patches = getattr(instance.spec, "patches", ()) if instance else ()
        if instance is None or instance.declared:
            return package
        for index, patch in enumerate(patches):
            path: Path = (*instance.path, "patches", index)
            found = _patched(package, patch)
            if isinstance(found, Package):
                package = found
            else:
                _report(found, patch, path, document, report)
        return package

    return each_package(lowered, one)


def _report(found: PatchProblem, patch: Patch, path: Path, document: Node, report: Report) -> None:
    index = _culprit(patch, found.at)
    where = path if index is None else (*path, "operations", index)
    report.add(found.code, found.message, document.span_of(where), path=where, help=found.help)


def _culprit(patch: Patch, at: str | None) -> int | None:
    """The last operation that touched a place, or what is around or in it."""
    touching = [
        index
        for index, one in enumerate(patch.operations)
        if at is not None and (_leads(one.path, at) or _leads(at, one.path))
    ]
    return touching[-1] if touching else None


def _leads(outer: str, inner: str) -> bool:
    # `-` is the place behind the last element, so nobody's name.
    return f"{inner}/".startswith(f"{outer.removesuffix('/-')}/")


def _patched(package: Package, patch: Patch) -> Package | PatchProblem:
    target = patch.target
    hit = [r for r in package.resources if (r.kind, r.name) == (target.kind, target.name)]
    if len(hit) != 1:
        names = [f"{r.kind} {r.name}" for r in package.resources]
        message = f"`{package.name}` has {len(hit) or 'no'} {target.kind} named `{target.name}`"
        close = suggestion(f"{target.kind} {target.name}", names)
        return PatchProblem(
            "patch-misses", message, close or (f"its objects are {listing(names)}",)
        )
    changed = _applied(patch, hit[0].manifest)
    problem = (
        changed
        if isinstance(changed, PatchProblem)
        else next(against(package, hit[0], changed), None)
    )
    if problem:
        return problem
    resources = tuple(
        replace(one, manifest=changed) if one is hit[0] else one for one in package.resources
    )
    return replace(package, resources=resources)


def _applied(patch: Patch, manifest: Manifest) -> Manifest | PatchProblem:
    import jsonpatch

    operations = [one.written() for one in patch.operations]
    try:
        changed: Manifest = jsonpatch.JsonPatch(operations).apply(manifest)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
        kind = f"{patch.target.kind} `{patch.target.name}`"
        return PatchProblem("patch-misses", f"the patch does not fit {kind}: {error}")
    return changed


def against(package: Package, before: Resource, after: Manifest) -> Iterator[PatchProblem]:
    """What stands against an object as a patch leaves it."""
    from compiler.kube.admission import insecure, refusals
    from compiler.verify import problems

    what = f"{before.kind} `{before.name}`"
    if _called(after) != _called(before.manifest):
        yield PatchProblem("patch-misses", "a patch may not change what an object is called")
        return
    for problem in problems(after):
        yield PatchProblem("schema-violation", f"{what}: {problem}", at=problem.partition(":")[0])
    # Namespaces of operators are not the platform's to lock.
    secured = () if upstreams(package.instance) else insecure(after)
    for one in chain(refusals(after), secured):
        message = f"{what} would be refused: {one.problem}"
        yield PatchProblem("patch-refused", message, (one.help,), one.at)


def _called(manifest: Any) -> object:
    """What an object is known by, as far as it still is one."""
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    if not isinstance(metadata, dict):
        return None
    known = (manifest.get("apiVersion"), manifest.get("kind"))
    return (*known, metadata.get("namespace"), metadata.get("name"))
