"""Every image as this platform pulls it: from its mirror, under its full name, at its digest.

Images stand in more places than pods: in custom resources, arguments, variables and config files.
Whatever is known to be an image (see inventory.py) is rewritten wherever it is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from compiler.derive.packages import each_package
from compiler.diagnostics import Report
from compiler.inventory import known_images
from compiler.model.image import split_image
from compiler.model.package import Lowered, Package
from compiler.model.resource import ConfigFiles


def derive(lowered: Lowered, report: Report) -> Lowered:
    mirror, pins = lowered.platform.settings.registry.mirror, lowered.platform.pins
    if mirror is None and not pins:
        return lowered
    rewrite = rewriter(known_images(lowered), mirror, pins)
    if not rewrite.names:
        return lowered
    return each_package(lowered, lambda package: rewritten(package, rewrite))


def rewriter(images: Iterable[str], mirror: str | None, pins: Mapping[str, str]) -> Rewriter:
    """What makes some images those that this platform pulls."""
    names = {image: pulled(image, mirror, pins) for image in images}
    return Rewriter({old: new for old, new in names.items() if old != new})


def rewritten(package: Package, rewrite: Rewriter) -> Package:
    """A package with every image in it rewritten."""
    resources = (
        replace(resource, manifest=rewrite.value(resource.manifest))
        for resource in package.resources
    )
    configs = (_config(config, rewrite) for config in package.configs)
    return replace(package, resources=tuple(resources), configs=tuple(configs))


def _config(config: ConfigFiles, rewrite: Rewriter) -> ConfigFiles:
    files = {name: rewrite.text(text) for name, text in config.files.items()}
    return replace(config, files=files)


class Rewriter:
    """Replaces image references in text, as whole words and never twice."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        # The longest first: an image may be the beginning of another.
        any_of = "|".join(
            re.escape(name) for name in sorted(names, key=lambda one: (-len(one), one))
        )
        self._form = re.compile(rf"(?:(?<=://)|(?<![\w./:@-]))(?:{any_of})(?![\w/:@-]|\.\w)")

    def text(self, text: str) -> str:
        return self._form.sub(lambda found: self.names[found[0]], text)

    def value(self, value: Any) -> Any:
        """A manifest, or a part of one, with every image in it rewritten."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.value(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        return value


def full_name(image: str) -> str:
    """An image with the registry that a container runtime would add."""
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"


def mirrored(image: str, mirror: str) -> str:
    """An image as the mirror holds it."""
    return image if image.startswith(f"{mirror}/") else f"{mirror}/{full_name(image)}"


def pulled(image: str, mirror: str | None, pins: Mapping[str, str]) -> str:
    """An image as the cluster is told to pull it."""
    _, _, digest = split_image(image)
    pin = "" if digest else pins.get(full_name(image), "")
    name = mirrored(image, mirror) if mirror else image
    return f"{name}@{pin}" if pin else name
