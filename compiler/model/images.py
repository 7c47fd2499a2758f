"""Find the images that objects and sections of the spec name, and rewrite them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from compiler.document import Path
from compiler.document.pointer import below
from compiler.model.custom_resource import Location, at
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource
from compiler.spec.image import split_image
from compiler.spec.section import Section, fields
from compiler.spec.walk import sections

OCI = ("oci://", "oci+")  # URIs of images

_REFERENCE = "reference"  # the key of the image in a pod's volume of the kind `image`


class Rewriter:
    """Replaces image references in text, as whole words, in one pass."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        # Longest names first, because one image may be a prefix of another.
        any_of = "|".join(
            re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name))
        )
        self._form = re.compile(rf"(?:(?<=://)|(?<![\w./:@-]))(?:{any_of})(?![\w/:@-]|\.\w)")

    def text(self, text: str) -> str:
        return self._form.sub(lambda match: self.names[match[0]], text)

    def value(self, value: Any) -> Any:
        """A manifest, or a part of one, with all its images rewritten."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.value(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        return value


def known_images(lowered: Lowered) -> frozenset[str]:
    """Every text that is known to be an image, in the form that components wrote."""
    return frozenset(
        image
        for package in lowered.packages.values()
        for image in (*structural(package), *declared(package))
    )


def structural(package: Package) -> Iterator[str]:
    """The images in the image fields of a package's objects."""
    for resource in package.resources:
        yield from of_resource(resource)


def of_resource(resource: Resource) -> Iterator[str]:
    """The images in the image fields of an object."""
    yield from image_keys(resource.manifest)
    if resource.custom is not None and resource.custom.images:
        yield from _values(resource.manifest, resource.custom.images)


def _values(manifest: Manifest, location: Location) -> Iterator[str]:
    """The images in a map of an object."""
    named = at(manifest, location)
    for image in named.values() if isinstance(named, dict) else ():
        if isinstance(image, str) and split_image(image)[0]:
            yield image


def image_keys(value: Any) -> Iterator[str]:
    """Images in image fields, at any depth."""
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            for key, inner in value.items():
                if key == "image" and isinstance(inner, dict):
                    inner = inner.get(_REFERENCE, inner)  # of a volume that is an image
                if isinstance(inner, (dict, list)):
                    pending.append(inner)
                elif isinstance(inner, str) and inner.startswith(OCI):
                    yield inner.partition("://")[2]
                elif isinstance(inner, str) and _names_image(key) and split_image(inner)[0]:
                    yield inner


def image_texts(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Each text in an image field of an object, whether or not it is a reference, with its JSON pointer."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from image_texts(inner, f"{at}/{index}")
    elif isinstance(value, dict):
        for key, inner in value.items():
            pointer = below(at, key)
            is_volume = at.endswith("/image") and key == _REFERENCE
            if isinstance(inner, str) and (_names_image(key) or is_volume):
                yield pointer, inner
            else:
                yield from image_texts(inner, pointer)


def _names_image(key: str) -> bool:
    """Whether a key holds an image: `image`, `imageName` (CloudNativePG), `sidecarImage`."""
    return key in ("image", "imageName") or key.endswith(("Image", "_image"))


def declared(package: Package) -> Iterator[str]:
    """The images in the fields of an instance's section."""
    spec = package.instance.spec if package.instance else None
    if isinstance(spec, Section):
        yield from _fields(spec)


def _fields(section: Section) -> Iterator[str]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _fields(value)
        elif isinstance(value, str) and _names_image(name) and split_image(value)[0]:
            yield value


def images(instance: Instance[Any]) -> Iterator[tuple[Path, str]]:
    """The images in the fields of an instance's section that the user wrote or that are defaults."""
    for path, section in sections(instance.spec, instance.path, _image_fields):
        kind: type[Section] = type(section)
        for name, key in _image_fields(kind):
            image = getattr(section, name)
            if isinstance(image, str):
                yield (*path, key), image


@cache
def _image_fields(section: type[Section]) -> tuple[tuple[str, str], ...]:
    """The fields of a section that hold images, with the keys of the spec."""
    return tuple((name, key) for name, key, _ in fields(section) if name.endswith("image"))
