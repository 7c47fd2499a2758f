"""Tags that registries are known to move: the running program can change without a change in the spec.

A digest, in the spec or in `platform.lock`, fixes the image.
"""

from __future__ import annotations

from typing import Any

from compiler import registry
from compiler.diagnostics import Report
from compiler.model import Instance, Platform
from compiler.model.images import images
from compiler.spec.image import full_name, split_image


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if instance.section != "components":
        return
    for path, image in images(instance):
        row = registry.versions(instance.type).verdict(image, "moves")
        is_pinned = split_image(image)[2] or full_name(image) in platform.pins
        if row is not None and not is_pinned:
            report.add(
                "floating-tag",
                f"`{image}` {row.reason} ({row.source.name})",
                platform.document.value_span(path),
                path=path,
                help=f"{row.help}, or run `platformc images --pin`",
            )
