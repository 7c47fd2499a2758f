"""Write factored packages as a tree of paths and file contents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from compiler.derive import used_images
from compiler.diagrams.mermaid import diagram
from compiler.emit.manifests import in_waves, wave_file
from compiler.emit.package_folder import Files, package_folder, source_line
from compiler.emit.shards import MODELS, WORKLOADS, layout
from compiler.emit.tree import Text, Tree
from compiler.factor import Factored, Overlay, whole
from compiler.kube import yaml
from compiler.kube.kustomize import KUSTOMIZATION, UNSUFFIXED
from compiler.model.manifest import Manifest
from compiler.model.memo import Memo
from compiler.model.package import Lowered, Package, Platform, config_map
from compiler.upstream.prerequisites import prerequisites, vendored
from compiler.upstream.settings_files import component, vendored_root


def emit(factored: Factored, memo: Memo, *, rendered: Collection[str] = ()) -> Tree:
    """Write the base, the overlays, and `out/` for the environments named in `rendered`."""
    environments = factored.environments
    writer, platform = _Writer(memo), factored.base.platform
    tree: Files = {}
    for package in factored.base.packages.values():
        tree |= package_folder(f"base/{package.name}", whole(package), platform, writer.dump)
    for name, overlays in factored.overlays.items():
        platform = environments[name].platform
        for overlay in overlays.values():
            folder = f"overlays/{name}/{overlay.package.name}"
            tree |= package_folder(folder, overlay, platform, writer.dump)
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


class _Writer:
    """Writes the folders of environments; an object that environments share is written as text once."""

    def __init__(self, memo: Memo) -> None:
        self.memo = memo

    def dump(self, manifest: Manifest) -> str:
        return self.memo(yaml.dump, manifest)

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
            source = source_line(package)
            for resource in package.resources:
                yield source, self.dump(resource.manifest)
            for config in package.configs:
                yield source, self.dump(config_map(config, package, platform))

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
