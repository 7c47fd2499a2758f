"""The escape hatch: the user's JSON 6902 operations on one of a component's objects."""

from __future__ import annotations

from msgspec.structs import replace

from compiler.derive.packages import each_package
from compiler.diagnostics import Report, listing, suggestion
from compiler.model.document import Path
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource
from compiler.model.spec import Patch


def derive(lowered: Lowered, report: Report) -> Lowered:
    document = lowered.platform.document

    def one(package: Package) -> Package:
        instance = package.instance
        patches = getattr(instance.spec, "patches", ()) if instance else ()
        if instance is None or instance.declared:
            return package
        for index, patch in enumerate(patches):
            path: Path = (*instance.path, "patches", index)
            problem, help, package = _apply(package, patch)
            if problem:
                span = document.span_of(path)
                report.add("patch-misses", problem, span, path=path, help=help)
        return package

    return each_package(lowered, one)


def _apply(package: Package, patch: Patch) -> tuple[str | None, tuple[str, ...], Package]:
    import jsonpatch

    target = patch.target
    hit = [r for r in package.resources if (r.kind, r.name) == (target.kind, target.name)]
    if len(hit) != 1:
        names = [f"{r.kind} {r.name}" for r in package.resources]
        problem = f"`{package.name}` has {len(hit) or 'no'} {target.kind} named `{target.name}`"
        close = suggestion(f"{target.kind} {target.name}", names)
        return problem, close or (f"its objects are {listing(names)}",), package
    operations = [one.written() for one in patch.operations]
    try:
        changed = jsonpatch.JsonPatch(operations).apply(hit[0].manifest)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
        kind = f"{target.kind} `{target.name}`"
        return f"the patch does not fit {kind}: {error}", (), package
    if Resource(changed).id != hit[0].id:
        return "a patch may not change what an object is called", (), package
    resources = tuple(
        replace(one, manifest=changed) if one is hit[0] else one for one in package.resources
    )
    return None, (), replace(package, resources=resources)
