"""An image other than the one that a component's objects were written for: it may not work.

The default image is known to work, from any registry, and so are images that a row of the component's
versions says work. Other rules report images that do not work; this one reports the rest, each image once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler import registry
from compiler.diagnostics import Related, Report
from compiler.document.span import Span
from compiler.model import Instance, Path, Platform
from compiler.spec.image import split_image
from compiler.spec.section import fields
from compiler.upstream.gone_images import removed_prefix


def check_spec(platform: Platform, report: Report) -> None:
    paths_of: dict[tuple[str, str, str], list[Path]] = {}
    for instance in platform.instances.values():
        if instance.section == "components":
            for path, image, default_image in _untried(instance):
                paths_of.setdefault((instance.type, image, default_image), []).append(path)
    for (type, image, default_image), paths in paths_of.items():
        first_path, *further_paths = sorted(paths, key=platform.document.value_span)
        report.add(
            "untried-version",
            f"whether `{image}` fits is unknown: `{type}` is made for `{default_image}`",
            platform.document.value_span(first_path),
            path=first_path,
            help="try it, then add the code to `spec.silence` with your result",
            related=[Related("here too", _span(platform, path)) for path in further_paths],
        )


def _span(platform: Platform, path: Path) -> Span:
    return platform.document.value_span(path)


def _untried(instance: Instance[Any]) -> Iterator[tuple[Path, str, str]]:
    """The images of an instance about which no fact is known: path, image, and the default."""
    versions = registry.versions(instance.type)
    for name, key, field in fields(type(instance.spec)):
        image, default_image = getattr(instance.spec, name), field.default
        if (
            not name.endswith("image")
            or not isinstance(default_image, str)
            or _same_version(image, default_image)
        ):
            continue
        if not removed_prefix(image) and not versions.verdict(
            image, "unfit", "gone", "moves", "works"
        ):
            yield (*instance.path, key), image, default_image


def _same_version(image: str, default_image: str) -> bool:
    """Whether two images have the same name and version, in any registry."""
    return _version(image) == _version(default_image)


def _version(image: str) -> tuple[str, str]:
    repository, tag, _ = split_image(image)
    return repository.rpartition("/")[2], tag
