"""Write factored packages as a tree of paths and file contents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from compiler.derive import used_images
from compiler.diagrams.mermaid import diagram
from compiler.emit.manifests import in_waves, wave_file
from compiler.emit.shards import MODELS, WORKLOADS, layout
from compiler.emit.tree import Text, Tree
from compiler.factor import Factored, Overlay, whole
from compiler.kube import yaml
from compiler.kube.kustomize import KUSTOMIZATION, LOCAL, UNSUFFIXED
from compiler.model.manifest import Manifest
from compiler.model.memo import Memo
from compiler.model.package import Lowered, Package, Platform, config_map, config_metadata
from compiler.model.resource import ConfigFiles, Resource
from compiler.upstream.prerequisites import prerequisites, vendored
from compiler.upstream.settings_files import component, vendored_root

Files = dict[str, Text]
MOST_FILES = 60  # the most files of one kind in a folder


def emit(factored: Factored, memo: Memo, *, rendered: Collection[str] = ()) -> Tree:
    """Write the base, the overlays, and `out/` for the environments named in `rendered`."""
    environments = factored.environments
    writer, platform = _Writer(memo), factored.base.platform
    tree: Files = {}
    for package in factored.base.packages.values():
        tree |= writer.overlay(f"base/{package.name}", whole(package), platform)
    for name, overlays in factored.overlays.items():
        platform = environments[name].platform
        for overlay in overlays.values():
            tree |= writer.overlay(f"overlays/{name}/{overlay.package.name}", overlay, platform)
    for name, lowered in environments.items():
        tree |= writer.roots(f"overlays/{name}", lowered, factored.overlays[name])
        tree |= {f"prerequisites/{name}/{path}": text for path, text in _upstream(lowered)}
    for name in rendered:
        tree |= writer.out(f"out/{name}", environments[name])
    return Tree(dict(sorted(tree.items())))


def wave_files(lowered: Lowered, dump: Callable[[Manifest], str] = yaml.dump) -> dict[str, Text]:
    """The files in `out/<environment>` that a delivery applies: one for each wave."""
    return {
        wave_file(wave): yaml.pieces((text,) for text in texts)
        for wave, texts in in_waves(lowered, dump).items()
    }


def _upstream(lowered: Lowered) -> Iterator[tuple[str, str]]:
    """The files of the settings in upstream systems, in a folder for each system."""
    for system in prerequisites(lowered.graph):
        yield from ((f"{system.name}/{path}", text) for path, text in component(system).items())
    for system in vendored(lowered.graph):
        yield from ((f"{system.name}/{path}", text) for path, text in vendored_root(system).items())


def _text(value: Manifest, source: str, platform: Platform) -> str:
    return f"# Compiled by platformc from {source} of {platform.name}; do not edit.\n" + yaml.dump(
        value
    )


def _source(package: Package) -> str:
    return f"# from {package.source}\n"


class _Writer:
    """Writes folders; an object that environments share is written as text once."""

    def __init__(self, memo: Memo) -> None:
        self.memo = memo

    def dump(self, manifest: Manifest) -> str:
        return self.memo(yaml.dump, manifest)

    def file(self, manifest: Manifest, package: Package) -> str:
        return _source(package) + self.dump(manifest)

    def roots(self, folder: str, lowered: Lowered, overlays: Mapping[str, Overlay]) -> Files:
        """The kustomization of an environment; tenants get separate roots if they are too many."""
        pieces = layout(lowered)
        split_off = {package.name for group in pieces.workloads.values() for package in group}
        packages_inside = (
            overlay.package
            for overlay in overlays.values()
            if overlay.package.name not in split_off
        )
        names = _delivered(packages_inside)
        tree: Files = {}
        for piece, packages in pieces.workloads.items():
            folders = [f"../../{name}" for name in _delivered(packages)]
            tree[f"{folder}/{WORKLOADS}/{piece}/kustomization.yaml"] = _text(
                {**KUSTOMIZATION, "resources": folders}, "spec.workloads", lowered.platform
            )
        for shard, packages in pieces.models.items():
            tree |= self.shard(f"{folder}/{MODELS}/{shard}", packages, lowered.platform)
        if not pieces.split:
            names += [f"{MODELS}/{shard}" for shard in pieces.models]
        listed = pieces.roots(folder)
        if len(listed) > 1:
            tree[f"{folder}/ROOTS"] = "".join(f"{root}\n" for root in listed)
        root = {**KUSTOMIZATION, "resources": names}
        tree[f"{folder}/kustomization.yaml"] = _text(root, "spec", lowered.platform)
        return tree

    def shard(self, folder: str, packages: Sequence[Package], platform: Platform) -> Files:
        """Models as one file: many small files would take longer to write."""
        texts = self.memo.once(
            lambda: yaml.pieces(self.models(packages, platform)), "shard", *packages
        )
        root = {**KUSTOMIZATION, "resources": [f"{MODELS}.yaml"]}
        return {
            f"{folder}/kustomization.yaml": _text(root, "spec.models", platform),
            f"{folder}/{MODELS}.yaml": texts,
        }

    def models(self, packages: Sequence[Package], platform: Platform) -> Iterator[tuple[str, str]]:
        for package in packages:
            source = _source(package)
            for resource in package.resources:
                yield source, self.dump(resource.manifest)
            for config in package.configs:
                yield source, self.dump(config_map(config, package, platform))

    def overlay(self, folder: str, overlay: Overlay, platform: Platform) -> Files:
        """The folder of a component: patches of the base, new objects and config files."""
        package = overlay.package
        tree = self.resources(folder, overlay)
        resources = sorted(tree)
        generators = [
            self.generator(folder, change.config, package, platform, tree, change.replaces)
            for change in overlay.configs
        ]
        patches = [*self.patches(folder, overlay, tree), *self.deletions(folder, overlay, tree)]
        if overlay.based:
            resources = [f"{folder}/../../../base/{package.name}", *resources]
        self.kustomization(folder, package, tree, resources, patches, generators)
        return tree

    def resources(self, folder: str, overlay: Overlay) -> Files:
        """A file for each object, or one for all of a kind: many small files take longer to write."""
        package = overlay.package
        tree: Files = {}
        numbers = Counter(resource.kind for resource in overlay.added)
        common = {kind for kind, number in numbers.items() if number > MOST_FILES}
        for kind in sorted(common):
            documents = ((_source(package), self.dump(resource.manifest))
                         for resource in overlay.added if resource.kind == kind)  # fmt: skip
            tree[f"{folder}/{kind.lower()}.yaml"] = yaml.pieces(documents)
        for resource in overlay.added:
            if resource.kind not in common:
                name = _file_name(resource, package)
                tree[f"{folder}/{name}"] = self.file(resource.manifest, package)
        return tree

    def patches(self, folder: str, overlay: Overlay, tree: Files) -> Iterator[Manifest]:
        for patch in sorted(overlay.patches, key=lambda patch: patch.target.id):
            name = f"patch-{_file_name(patch.target, overlay.package)}"
            tree[f"{folder}/{name}"] = yaml.dump_list(list(patch.operations))
            yield {"path": name, "target": _target(patch.target)}

    def deletions(self, folder: str, overlay: Overlay, tree: Files) -> Iterator[Manifest]:
        """Patches that mark the objects of the base which the environment lacks; kustomize drops these."""
        for removed in overlay.removed:
            name = f"delete-{_file_name(removed, overlay.package)}"
            tree[f"{folder}/{name}"] = yaml.dump_list(
                [
                    {"op": "test", "path": "/metadata/name", "value": removed.name},
                    {"op": "add", "path": f"/metadata/annotations/{LOCAL}", "value": "true"},
                ]
            )
            yield {"path": name, "target": _target(removed)}

    def generator(
        self, folder: str, config: ConfigFiles, package: Package, platform: Platform, tree: Files,
        replaces: bool = False,
    ) -> Manifest:  # fmt: skip
        """Write the files of a ConfigMap, and return the generator entry that builds it from them."""
        for name, text in config.files.items():
            tree[f"{folder}/{config.name}/{name}"] = text
        entry: Manifest = {"name": config.name, "namespace": config.namespace}
        if replaces:
            entry["behavior"] = "replace"
        entry["files"] = [f"{config.name}/{name}" for name in sorted(config.files)]
        labels, annotations = config_metadata(config, package, platform)
        entry["options"] = {
            "annotations": annotations,
            "disableNameSuffixHash": True,
            "labels": labels,
        }
        return entry

    def kustomization(
        self, folder: str, package: Package, tree: Files, resources: Iterable[str],
        patches: list[Manifest], generators: list[Manifest],
    ) -> None:  # fmt: skip
        """Add the kustomization of a folder to the tree."""
        content: Manifest = dict(KUSTOMIZATION)
        names = [path.removeprefix(f"{folder}/") for path in resources]
        if names:
            content["resources"] = names
        if generators:
            content["configMapGenerator"] = generators
        if patches:
            content["patches"] = patches
        tree[f"{folder}/kustomization.yaml"] = _source(package) + yaml.dump(content)

    def out(self, folder: str, lowered: Lowered) -> Files:
        """The folder `out/<environment>`: a file for each wave, the images and the graph."""
        waves = wave_files(lowered, self.dump)
        tree: Files = {f"{folder}/{name}": text for name, text in waves.items()}
        root = {**KUSTOMIZATION, "resources": sorted(waves)}
        tree[f"{folder}/{UNSUFFIXED}"] = _text(root, "spec", lowered.platform)
        tree[f"{folder}/images.txt"] = "".join(
            f"{image.reference}\n" for image in used_images.images(lowered, self.dump)
        )
        tree[f"{folder}/graph.mmd"] = diagram(lowered.graph, self.memo)
        return tree


def _delivered(packages: Iterable[Package]) -> list[str]:
    """The names of packages in the order of delivery."""
    return [
        package.name
        for package in sorted(packages, key=lambda package: (package.start, package.name))
    ]


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
