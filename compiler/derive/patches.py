"""Apply the user's JSON patches (RFC 6902) to objects and config files.

An instance's patches reach its own objects, the objects of workloads that it brings along, its config
files, and its settings in upstream's objects. `spec.patches` reach the objects of no single
instance: namespaces, and objects that models share. Each result is checked here, where the operation that
caused a problem is known; if the result has a problem, the object stays unpatched, so that later passes can
rely on valid objects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from compiler.derive.patch_problems import added_problems
from compiler.diagnostics import Report
from compiler.diagnostics.words import listing, suggestion
from compiler.document import Node, Path
from compiler.kube.keys import of_data
from compiler.kube.patching import Key, PatchProblem, applied, is_target, key_of
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package, PatchedObject
from compiler.model.resource import ConfigFiles
from compiler.spec.patch import Patch
from compiler.upstream.prerequisites import required

ROOT: Path = ("spec",)
_SECTIONS = ("components", "models", "workloads")


def derive(lowered: Lowered, report: Report) -> Lowered:
    packages = _by_owner(lowered)
    for path, name, instance, patches in _owners(lowered):
        for index, patch in enumerate(patches):
            names = packages.get(path, ())
            if instance is not None and instance.section == "models":
                names = [name, *names]
            change = _patched(lowered, names, instance, name, patch)
            location: Path = (*path, "patches", index)
            if isinstance(change, PatchProblem):
                _report(change, patch, location, lowered.platform.document, report)
            elif change is not None:
                lowered = _with(lowered, change, location, patch)
    return lowered


def _owners(
    lowered: Lowered,
) -> Iterator[tuple[Path, str, Instance[Any] | None, Sequence[Patch]]]:
    """The parts of the spec that have patches: path, name, instance and patches."""
    root = lowered.platform.settings.patches
    if root:
        yield ROOT, "the platform", None, root
    for instance in lowered.platform.having("patches"):
        if instance.spec.patches:
            yield instance.path, instance.name, instance, instance.spec.patches


def owner(package: Package) -> Path:
    """The path of the section whose patches reach a package's objects."""
    instance = package.instance
    if instance is None:
        return ROOT
    path = instance.source
    return path if len(path) == len(instance.path) and path[1] in _SECTIONS else ROOT


def _by_owner(lowered: Lowered) -> Mapping[Path, Sequence[str]]:
    names: dict[Path, list[str]] = defaultdict(list)
    for name, package in lowered.packages.items():
        names[owner(package)].append(name)
    return names


def _with(lowered: Lowered, package: Package, path: Path, patch: Patch) -> Lowered:
    """The environment with a patched package, and with a record of each object before the patch."""
    if package.name in lowered.packages:
        earlier = lowered.packages[package.name]
        result = replace(lowered, packages={**lowered.packages, package.name: package})
    else:
        earlier = lowered.models[package.name]
        result = replace(lowered, models=lowered.models.replaced({package.name: package}))
    changed = zip(earlier.resources, package.resources, strict=True)
    records = (PatchedObject(path, patch, old) for old, new in changed if old is not new)
    return replace(result, patched=(*lowered.patched, *records))


def _report(
    problem: PatchProblem, patch: Patch, path: Path, document: Node, report: Report
) -> None:
    index = _culprit(patch, problem.at) if problem.operation is None else problem.operation
    location = path if index is None else (*path, "operations", index)
    report.add(
        problem.code, problem.message, document.span_of(location), path=location, help=problem.help
    )


def _culprit(patch: Patch, at: str | None) -> int | None:
    """The index of the last operation at a path, above it, or below it."""
    touching = [
        index
        for index, operation in enumerate(patch.operations)
        if at is not None and (_leads(operation.path, at) or _leads(at, operation.path))
    ]
    return touching[-1] if touching else None


def _leads(outer: str, inner: str) -> bool:
    # `-` is the place after the last element, and never a field's name.
    return f"{inner}/".startswith(f"{outer.removesuffix('/-')}/")


def _patched(
    lowered: Lowered, names: Sequence[str], instance: Instance[Any] | None, name: str, patch: Patch
) -> Package | PatchProblem | None:
    """The package with a patched object; None where the object is upstream's."""
    packages = [lowered.packages.get(name) or lowered.models[name] for name in names]
    keys = [(package, key) for package in packages for key in _keys(package)]
    hit = [(package, key) for package, key in keys if is_target(key, patch)]
    if len(hit) == 1:
        package, key = hit[0]
        return _patched_package(package, key, patch)
    upstream = _upstream(lowered, instance)
    if not hit:
        for manifest in upstream:
            if is_target(key_of(manifest), patch):
                changed = applied(patch, manifest)
                return changed if isinstance(changed, PatchProblem) else None
    elsewhere = () if hit else _elsewhere(lowered, patch)
    objects = [*(key for _, key in keys), *map(key_of, upstream)]
    return _missed(name, patch, objects, len(hit), elsewhere)


def _elsewhere(lowered: Lowered, patch: Patch) -> tuple[str, ...]:
    """The help for a patch that is in the wrong part of the spec."""
    for package in lowered.packages.values():
        if any(is_target(key, patch) for key in _keys(package)):
            path = owner(package)
            section = "directly under `spec:`" if path == ROOT else f"under `{path[-1]}`"
            return (f"write the patch {section}, to which this object belongs",)
    return ()


def _missed(
    name: str, patch: Patch, keys: Sequence[Key], hits: int, elsewhere: tuple[str, ...]
) -> PatchProblem:
    """The problem of a patch without a target, with the object's part of the spec or the closest name."""
    target = patch.target
    of_platform = name == "the platform"
    subject = "`spec.patches` reach" if of_platform else f"`{name}` has"
    if hits:
        spaces = [
            space
            for kind, space, object_name in keys
            if (kind, object_name) == (target.kind, target.name)
        ]
        message = f"{subject} {hits} {target.kind} named `{target.name}`"
        return PatchProblem(
            "patch-misses", message, (f"add `namespace:`, one of {listing(sorted(spaces))}",)
        )
    objects = [f"{kind} {object_name}" for kind, _, object_name in keys]
    message = f"{subject} no {target.kind} named `{target.name}`"
    close = elsewhere or suggestion(f"{target.kind} {target.name}", objects)
    return PatchProblem("patch-misses", message, close or (f"its objects are {listing(objects)}",))


def _keys(package: Package) -> Iterator[Key]:
    for resource in package.resources:
        yield resource.kind, resource.namespace, resource.name
    for config in package.configs:
        yield "ConfigMap", config.namespace, config.name


def _upstream(lowered: Lowered, instance: Instance[Any] | None) -> tuple[Manifest, ...]:
    """The objects of an upstream system that an instance requires settings in."""
    if instance is None or instance.section != "components":
        return ()
    return required(instance, lowered.graph.wiring(instance.name))


def _patched_package(package: Package, key: Key, patch: Patch) -> Package | PatchProblem:
    """The package after a patch of one of its objects, or the problem of the patch."""
    for config in package.configs:
        if ("ConfigMap", config.namespace, config.name) == key:
            return _with_files(package, config, patch)
    (before,) = (r for r in package.resources if (r.kind, r.namespace, r.name) == key)
    changed = applied(patch, before.manifest)
    if isinstance(changed, PatchProblem):
        return changed
    problem = next(added_problems(package, before, changed), None)
    if problem:
        return problem
    resources = tuple(
        replace(resource, manifest=changed) if resource is before else resource
        for resource in package.resources
    )
    return replace(package, resources=resources)


def _with_files(package: Package, config: ConfigFiles, patch: Patch) -> Package | PatchProblem:
    """A package with changed config files. kustomize makes the ConfigMap, so only its data is here."""
    metadata = {"name": config.name, "namespace": config.namespace}
    head = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    before = {**head, "data": dict(config.files)}
    changed = applied(patch, before)
    if isinstance(changed, PatchProblem):
        return changed
    files = changed.get("data") if isinstance(changed, dict) else None
    if {**before, "data": files} != changed or not _is_text(files):
        message = f"ConfigMap `{config.name}` is made of files: a patch changes its `/data` alone"
        return PatchProblem("patch-misses", message, ("write `path: /data/FILE`, and a text",))
    for rejection in of_data(changed):
        message = f"ConfigMap `{config.name}` would be refused: {rejection.problem}"
        return PatchProblem("patch-refused", message, (rejection.help,), rejection.at)
    changed_config = replace(config, files=files)
    configs = (
        changed_config if config_files is config else config_files
        for config_files in package.configs
    )
    return replace(package, configs=tuple(configs))


def _is_text(files: Any) -> bool:
    return isinstance(files, dict) and all(isinstance(text, str) for text in files.values())
