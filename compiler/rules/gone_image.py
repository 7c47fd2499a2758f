"""Images that were moved or deleted: every pull of them fails.

Docker Hub's `minio/*` was deleted in September 2026 (testcontainers-node#1463, plane#9829),
Bitnami's versioned images moved to `bitnamilegacy` in 2025 (bitnami/containers#83267), and
k8s.gcr.io was replaced by registry.k8s.io in 2023. A mirror may still have them, so the rule does
not apply to platforms with a mirror.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from compiler.diagnostics import Report
from compiler.model import Instance, Platform
from compiler.spec.section import Section, fields
from compiler.spec.walk import sections
from compiler.upstream.gone_images import GONE, gone


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if platform.settings.registry.mirror is not None:
        return
    for path, section in sections(instance.spec, instance.path):
        for name, key in _images(type(section)):
            image = getattr(section, name)
            prefix = gone(image) if image is not None else None
            if prefix is not None:
                reason, instead = GONE[prefix]
                location = (*path, key)
                report.add(
                    "gone-image",
                    f"`{image}` can't be pulled: `{prefix.rstrip('/')}` {reason}",
                    platform.document.value_span(location),
                    path=location,
                    help=instead,
                )


@cache
def _images(section: type[Section]) -> tuple[tuple[str, str], ...]:
    """The fields of a section that hold images, with the keys of the spec."""
    return tuple((name, key) for name, key, _ in fields(section) if name.endswith("image"))
