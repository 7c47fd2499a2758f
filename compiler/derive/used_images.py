"""List all images of an environment, including images that no pod of the platform names.

A custom resource's controller, an argument or a config file can name an image as well, and an
air-gapped cluster needs all of them. Images are found in three places: an `image` field of a
manifest, a field of a custom resource whose name ends in `image`, and the fields of the spec that
hold images.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from compiler.kube import yaml
from compiler.model.images import OCI, declared, of_resource
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.spec.image import full_name, pulled, split_image, upstreams


class UsedImage(Struct, frozen=True):
    """One image, and the packages that name it."""

    reference: str  # the name that the cluster pulls
    source: str  # upstream's name
    digest: str  # empty if unknown
    users: tuple[str, ...]

    @property
    def origin(self) -> str:
        """Upstream's name, with the digest if it is known."""
        return (
            f"{self.source}@{self.digest}"
            if self.digest and "@" not in self.source
            else self.source
        )


def images(lowered: Lowered, text: Callable[[Manifest], str] = yaml.dump) -> tuple[UsedImage, ...]:
    """Every image of an environment, sorted by reference. The platform must be derived already.

    `text` gives the YAML of an object, which callers may have at hand; an image occurs in it
    unchanged.
    """
    mirrors, pins = lowered.platform.settings.registry.mirrors, lowered.platform.pins
    users_of: dict[str, set[str]] = defaultdict(set)
    naming = _Naming(text)
    upstream = {
        pulled(image, mirrors, pins): full_name(image)
        for package in lowered.packages.values()
        for image in declared(package)
    }
    for package in lowered.packages.values():
        # A field of the spec may be unused in this environment, so only written images count.
        for image in {*naming(package), *(_words(_texts(package, text)) & upstream.keys())}:
            users_of[image].add(package.name)
    for package, images in lowered.models.each(naming):
        for image in images:
            users_of[image].add(package.name)
    return tuple(
        used_image(reference, upstream.get(reference) or upstreams(reference, mirrors), users)
        for reference, users in sorted(users_of.items())
    )


def used_image(reference: str, origin: str, users: Iterable[str]) -> UsedImage:
    """An image by the name that the cluster pulls and by upstream's name, without a digest if it
    has a tag.
    """
    name, _, _ = origin.partition("@")
    source = name if split_image(name)[1] else origin
    return UsedImage(reference, source, reference.partition("@")[2], tuple(sorted(users)))


# Words are whole, as in `model/images.py`: `b:1` is none of the words of `b:1.2`.
_SEPARATORS = {code: " " for code in range(128) if not re.match(r"[\w./:@-]", chr(code))}


def _words(texts: Iterable[str]) -> set[str]:
    """The words of some texts that may be images, also without a scheme and the dot of a sentence."""
    words = {word for text in texts for word in text.translate(_SEPARATORS).split()}
    decorated = (word for word in words if "://" in word or word.endswith("."))
    return words | {word.rpartition("://")[2].rstrip(".") for word in decorated}


class _Naming(Struct, frozen=True):
    """Finds images in a package's objects; a search in the text skips most objects."""

    text: Callable[[Manifest], str]

    def __call__(self, package: Package) -> frozenset[str]:
        named = (
            resource for resource in package.resources if _may_name(self.text(resource.manifest))
        )
        return frozenset(image for resource in named for image in of_resource(resource))


def _may_name(text: str) -> bool:
    return "mage" in text or any(scheme in text for scheme in OCI)


def _texts(package: Package, text: Callable[[Manifest], str]) -> Iterator[str]:
    for resource in package.resources:
        yield text(resource.manifest)
    for config in package.configs:
        yield from config.files.values()
