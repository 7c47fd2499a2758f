"""What an environment runs: every image, also those that no pod of the platform names.

A custom resource's controller, an argument or a config file can name an image as well; an air-gapped
cluster needs all of them. An image is known from three places: an `image` of a manifest, a key of a
custom resource whose name ends in `image`, and the fields of the spec that hold images.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from compiler.kube import yaml
from compiler.model.images import _declared, image_keys
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest
from compiler.spec.image import split_image


class UsedImage(Struct, frozen=True):
    """One image, and the packages that name it."""

    reference: str  # as the cluster pulls it
    source: str  # as upstream calls it
    digest: str  # empty where unknown
    users: tuple[str, ...]

    @property
    def origin(self) -> str:
        """Upstream's name, at the digest where it is known."""
        return (
            f"{self.source}@{self.digest}"
            if self.digest and "@" not in self.source
            else self.source
        )


def images(lowered: Lowered, text: Callable[[Manifest], str] = yaml.dump) -> tuple[UsedImage, ...]:
    """Every image of an environment, sorted by reference. For platforms that are derived.

    Whoever has the objects' YAML says where (`text`); an image stands in it as it is.
    """
    from compiler.spec.image import full_name, pulled

    mirror, pins = lowered.platform.settings.registry.mirror, lowered.platform.pins
    found: dict[str, set[str]] = defaultdict(set)
    naming = _Naming(text)
    declared = {
        pulled(image, mirror, pins): full_name(image)
        for package in lowered.packages.values()
        for image in _declared(package)
    }
    for package in lowered.packages.values():
        written = "".join(_texts(package, text))
        # A field of the spec may be unused in this environment: what counts is what is written.
        named = {image for image in declared if image in written}
        for image in {*naming(package), *named}:
            found[image].add(package.name)
    for package, images in lowered.models.each(naming):
        for image in images:
            found[image].add(package.name)
    return tuple(
        _image(reference, declared.get(reference) or _upstreams_name(reference, mirror), users)
        for reference, users in sorted(found.items())
    )


def _image(reference: str, origin: str, users: Iterable[str]) -> UsedImage:
    """An image by the name that the cluster pulls and by upstream's, which a tag may complete."""
    name, _, _ = origin.partition("@")
    source = name if split_image(name)[1] else origin
    return UsedImage(reference, source, reference.partition("@")[2], tuple(sorted(users)))


def _upstreams_name(reference: str, mirror: str | None) -> str:
    from compiler.spec.image import full_name

    return full_name(reference.removeprefix(f"{mirror}/") if mirror else reference)


class _Naming(Struct, frozen=True):
    """Finds the images that a package's objects name as such; most have no such word in their text."""

    text: Callable[[Manifest], str]

    def __call__(self, package: Package) -> frozenset[str]:
        objects = (resource.manifest for resource in package.resources)
        named = (one for one in objects if "mage" in self.text(one))
        return frozenset(image for one in named for image in image_keys(one))


def _texts(package: Package, text: Callable[[Manifest], str]) -> Iterator[str]:
    for resource in package.resources:
        yield text(resource.manifest)
    for config in package.configs:
        yield from config.files.values()


def vendored_images(folder: Path, mirror: str | None) -> Iterator[UsedImage]:
    """The images of releases that were brought along, one folder each."""
    import yaml as pyyaml

    loader = getattr(pyyaml, "CSafeLoader", pyyaml.SafeLoader)
    for system in sorted(one for one in folder.glob("*") if one.is_dir()):
        found: set[str] = set()
        for file in sorted(system.glob("*.yaml")):
            documents = pyyaml.load_all(file.read_bytes(), Loader=loader)  # safe ones
            found |= {image for document in documents for image in image_keys(document)}
        for image in sorted(found):
            yield _image(image, _upstreams_name(image, mirror), (f"{folder.name}/{system.name}",))
