"""Rewrite every image to the reference that this platform pulls: its mirror, full name and digest.

Custom resources, arguments, variables and config files name images, too. Every reference that is
known to be an image (see model/images.py) is rewritten wherever it occurs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from compiler.derive.packages import each_package
from compiler.diagnostics import Report
from compiler.model.images import Rewriter, known_images
from compiler.model.package import Lowered, Package
from compiler.model.resource import ConfigFiles
from compiler.spec.image import Mirrors, pulled


def derive(lowered: Lowered, report: Report) -> Lowered:
    mirrors, pins = lowered.platform.settings.registry.mirrors, lowered.platform.pins
    if not mirrors and not pins:
        return lowered
    rewrite = rewriter(known_images(lowered), mirrors, pins)
    if not rewrite.names:
        return lowered
    return each_package(lowered, lambda package: rewritten(package, rewrite))


def rewriter(images: Iterable[str], mirrors: Mirrors, pins: Mapping[str, str]) -> Rewriter:
    """Replaces each of these images with the reference that this platform pulls."""
    names = {image: pulled(image, mirrors, pins) for image in images}
    return Rewriter({old: new for old, new in names.items() if old != new})


def rewritten(package: Package, rewrite: Rewriter) -> Package:
    """A package with all its images rewritten."""
    resources = (
        replace(resource, manifest=rewrite.value(resource.manifest))
        for resource in package.resources
    )
    configs = (_config(config, rewrite) for config in package.configs)
    return replace(package, resources=tuple(resources), configs=tuple(configs))


def _config(config: ConfigFiles, rewrite: Rewriter) -> ConfigFiles:
    files = {name: rewrite.text(text) for name, text in config.files.items()}
    return replace(config, files=files)
