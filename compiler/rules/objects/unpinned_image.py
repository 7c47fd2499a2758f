"""Images without a digest, in an environment that asks for digests.

A registry, and everybody with the right to push to it, decides which image a tag names. A digest names one
image for ever.
"""

from __future__ import annotations

from compiler.derive.used_images import images
from compiler.diagnostics import Report
from compiler.model import Lowered, Path, Platform

_PATH: Path = ("spec", "registry", "requireDigests")
_LISTED = 5


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    if not platform.settings.registry.require_digests:
        return
    unpinned = [image.reference for image in images(lowered) if not image.digest]
    if unpinned:
        report.add(
            "unpinned-image",
            f"{_counted(unpinned)} no digest",
            platform.document.value_span(_PATH),
            path=_PATH,
            help="run `platformc images --pin` for the environment, or add `@sha256:...`",
        )


def _counted(images: list[str]) -> str:
    names = ", ".join(f"`{image}`" for image in images[:_LISTED])
    if len(images) > _LISTED:
        return f"{names} and {len(images) - _LISTED} more images have"
    return f"{names} {'have' if len(images) > 1 else 'has'}"
