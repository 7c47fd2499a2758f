"""The escape hatch: the user's JSON patches (RFC 6902) of a component's objects.

The results are checked here, because here it is known which operation caused a problem. If the API
server would reject the result, the object stays unpatched, so that later passes can rely on valid
objects.
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
from compiler.registry import in_upstream_namespace
from compiler.spec.component import Patch


class PatchProblem(Struct, frozen=True):
    """A problem with a patch; `at` is the place in the object, if there is one."""

    code: str
    message: str
    help: tuple[str, ...] = ()
    at: str | None = None


def derive(lowered: Lowered, report: Report) -> Lowered:
    document = lowered.platform.document

    def patch_package(package: Package) -> Package:
        instance = package.instance
        patches = getattr(instance.spec, "patches", ()) if instance else ()
        if instance is None or instance.declared:
            return package
        for index, patch in enumerate(patches):
            path: Path = (*instance.path, "patches", index)
            result = _patched(package, patch)
            if isinstance(result, Package):
                package = result
            else:
                _report(result, patch, path, document, report)
        return package

    models = {name: patch_package(package) for name, package in lowered.models.items()
              if package.instance and package.instance.spec.patches}  # fmt: skip
    if models:
        lowered = replace(lowered, models=lowered.models.replaced(models))
    return each_package(lowered, patch_package)


def _report(
    problem: PatchProblem, patch: Patch, path: Path, document: Node, report: Report
) -> None:
    index = _culprit(patch, problem.at)
    location = path if index is None else (*path, "operations", index)
    report.add(
        problem.code, problem.message, document.span_of(location), path=location, help=problem.help
    )


def _culprit(patch: Patch, at: str | None) -> int | None:
    """The last operation on a place, on a parent of it, or on a child of it."""
    touching = [
        index
        for index, operation in enumerate(patch.operations)
        if at is not None and (_leads(operation.path, at) or _leads(at, operation.path))
    ]
    return touching[-1] if touching else None


def _leads(outer: str, inner: str) -> bool:
    # `-` is the place after the last element, and never a field's name.
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
        replace(resource, manifest=changed) if resource is hit[0] else resource
        for resource in package.resources
    )
    return replace(package, resources=resources)


def _applied(patch: Patch, manifest: Manifest) -> Manifest | PatchProblem:
    import jsonpatch

    operations = [operation.written() for operation in patch.operations]
    try:
        changed: Manifest = jsonpatch.JsonPatch(operations).apply(manifest)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
        kind = f"{patch.target.kind} `{patch.target.name}`"
        return PatchProblem("patch-misses", f"the patch does not fit {kind}: {error}")
    return changed


def against(package: Package, before: Resource, after: Manifest) -> Iterator[PatchProblem]:
    """The problems of an object after a patch."""
    from compiler.kube.admission import insecure, refusals
    from compiler.verify import problems

    subject = f"{before.kind} `{before.name}`"
    if _identity(after) != _identity(before.manifest):
        yield PatchProblem("patch-misses", "a patch may not change the name of an object")
        return
    for problem in problems(after):
        yield PatchProblem(
            "schema-violation", f"{subject}: {problem}", at=problem.partition(":")[0]
        )
    # The platform does not enforce pod security in the namespaces of operators.
    secured = () if in_upstream_namespace(package.instance) else insecure(after)
    for rejection in chain(refusals(after), secured):
        message = f"{subject} would be refused: {rejection.problem}"
        yield PatchProblem("patch-refused", message, (rejection.help,), rejection.at)


def _identity(manifest: Any) -> object:
    """The identity of an object, or None if the patch left no valid metadata."""
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    if not isinstance(metadata, dict):
        return None
    kind = (manifest.get("apiVersion"), manifest.get("kind"))
    return (*kind, metadata.get("namespace"), metadata.get("name"))
