"""Images that were moved or deleted: every pull of them fails.

A mirror may still have them, so the rule does not apply to images that come from one.
"""

from __future__ import annotations

from typing import Any

from compiler import registry
from compiler.diagnostics import Report
from compiler.model import Instance, Platform
from compiler.model.images import images
from compiler.spec.image import mirrored, split_image
from compiler.upstream.gone_images import GONE, removed_prefix


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    mirrors = platform.settings.registry.mirrors
    for path, image in images(instance):
        is_mirrored = mirrors and mirrored(image, mirrors) != image
        withdrawal = None if is_mirrored else _withdrawal(instance, image)
        if withdrawal is not None:
            registry, reason, instead = withdrawal
            report.add(
                "gone-image",
                f"`{image}` can't be pulled: `{registry}` {reason}",
                platform.document.value_span(path),
                path=path,
                help=instead,
            )


def _withdrawal(instance: Instance[Any], image: str) -> tuple[str, str, str] | None:
    """The former place of an image, the reason of its end, and the replacement."""
    prefix = removed_prefix(image)
    if prefix is not None:
        return prefix.rstrip("/"), *GONE[prefix]
    if instance.section == "components":
        row = registry.versions(instance.type).verdict(image, "gone")
        if row is not None:
            return split_image(image)[1], f"{row.reason} ({row.source.name})", row.help
    return None
