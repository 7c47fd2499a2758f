"""An image other than the one that a component's objects were written for: it may not work.

The default is known to work, from any registry. The tables of the components and of
upstream/gone_images.py hold images known not to work. This rule reports all others.
"""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.model import Instance, Path, Platform
from compiler.rules import unfit_version
from compiler.spec.image import split_image
from compiler.spec.section import fields
from compiler.upstream.gone_images import gone


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if instance.section != "components":
        return
    for name, key, field in fields(type(instance.spec)):
        image, tried = getattr(instance.spec, name), field.default
        if not name.endswith("image") or not isinstance(tried, str) or _same(image, tried):
            continue
        if gone(image) or unfit_version.unfit(instance, image):
            continue
        path: Path = (*instance.path, key)
        report.add(
            "untried-version",
            f"whether `{image}` fits is unknown: `{instance.type}` is made for `{tried}`",
            platform.document.value_span(path),
            path=path,
            help="try it, then add the code to `spec.silence` with what you saw",
        )


def _same(image: str, tried: str) -> bool:
    """Whether two images have the same name and version, in any registry."""
    return _version(image) == _version(tried)


def _version(image: str) -> tuple[str, str]:
    repository, tag, _ = split_image(image)
    return repository.rpartition("/")[2], tag
