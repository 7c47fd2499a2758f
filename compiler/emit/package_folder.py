"""Write the folder of a package, in the base or in an overlay: its objects, config files and patches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from compiler.emit.tree import Text
from compiler.factor import ConfigChange, Overlay
from compiler.kube import yaml
from compiler.kube.kustomize import KUSTOMIZATION, LOCAL
from compiler.model.manifest import Manifest
from compiler.model.package import Package, Platform, config_metadata
from compiler.model.resource import Resource

Files = dict[str, Text]
_MOST_OF_KIND = 60  # the most files of one kind in a folder


def package_folder(
    folder: str, overlay: Overlay, platform: Platform, dump: Callable[[Manifest], str]
) -> Files:
    """The files of a folder, by path: patches of the base, new objects, config files, the kustomization."""
    package, files = overlay.package, _objects(overlay, dump)
    content: Manifest = dict(KUSTOMIZATION)
    resources = [f"../../../base/{package.name}"] if overlay.based else []
    resources += sorted(files)
    if resources:
        content["resources"] = resources
    if overlay.configs:
        content["configMapGenerator"] = [
            _generator(change, package, platform, files) for change in overlay.configs
        ]
    patches = [*_patches(overlay, files), *_deletions(overlay, files)]
    if patches:
        content["patches"] = patches
    files["kustomization.yaml"] = source_line(package) + yaml.dump(content)
    return {f"{folder}/{name}": text for name, text in files.items()}


def source_line(package: Package) -> str:
    """The comment that names the part of the spec from which the objects of a package come."""
    return f"# from {package.source}\n"


def _objects(overlay: Overlay, dump: Callable[[Manifest], str]) -> Files:
    """A file for each object, or one for all of a kind: many small files take longer to write."""
    package = overlay.package
    files: Files = {}
    numbers = Counter(resource.kind for resource in overlay.added)
    common = {kind for kind, number in numbers.items() if number > _MOST_OF_KIND}
    for kind in sorted(common):
        documents = ((source_line(package), dump(resource.manifest))
                     for resource in overlay.added if resource.kind == kind)  # fmt: skip
        files[f"{kind.lower()}.yaml"] = yaml.pieces(documents)
    for resource in overlay.added:
        if resource.kind not in common:
            files[_file_name(resource, package)] = source_line(package) + dump(resource.manifest)
    return files


def _patches(overlay: Overlay, files: Files) -> Iterator[Manifest]:
    """Add the files of the patches, and return their entries in the kustomization."""
    for patch in sorted(overlay.patches, key=lambda patch: patch.target.id):
        name = f"patch-{_file_name(patch.target, overlay.package)}"
        files[name] = yaml.dump_list(list(patch.operations))
        yield {"path": name, "target": _target(patch.target)}


def _deletions(overlay: Overlay, files: Files) -> Iterator[Manifest]:
    """Patches that mark the objects of the base which the environment lacks; kustomize drops these."""
    for removed in overlay.removed:
        name = f"delete-{_file_name(removed, overlay.package)}"
        files[name] = yaml.dump_list(
            [
                {"op": "test", "path": "/metadata/name", "value": removed.name},
                {"op": "add", "path": f"/metadata/annotations/{LOCAL}", "value": "true"},
            ]
        )
        yield {"path": name, "target": _target(removed)}


def _generator(
    change: ConfigChange, package: Package, platform: Platform, files: Files
) -> Manifest:
    """Add the files of a ConfigMap, and return the generator entry that builds it from them."""
    config = change.config
    for name, text in config.files.items():
        files[f"{config.name}/{name}"] = text
    entry: Manifest = {"name": config.name, "namespace": config.namespace}
    if change.replaces:
        entry["behavior"] = "replace"
    entry["files"] = [f"{config.name}/{name}" for name in sorted(config.files)]
    labels, annotations = config_metadata(config, package, platform)
    entry["options"] = {
        "annotations": annotations,
        "disableNameSuffixHash": True,
        "labels": labels,
    }
    return entry


def _file_name(resource: Resource, package: Package) -> str:
    """`<kind>-<name>.yaml`, with the namespace appended if it is not the component's."""
    name = f"{resource.kind.lower()}-{resource.name}"
    if resource.namespace not in ("", package.namespace):
        name = f"{name}-{resource.namespace}"
    return f"{name}.yaml"


def _target(resource: Resource) -> Manifest:
    group, _, version = resource.manifest["apiVersion"].rpartition("/")
    target: Manifest = {"group": group} if group else {}
    target |= {"version": version, "kind": resource.kind, "name": f"^{resource.name}$"}
    if resource.namespace:
        target["namespace"] = f"^{resource.namespace}$"
    return target
