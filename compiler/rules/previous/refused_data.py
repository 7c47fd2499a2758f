"""An image that does not start on the data that the image before has written.

The tree of the last compile has the image before. Only the user knows whether the volume is new, or whether a plan
moves or restores the data. So the finding stays until the user silences it, and ends with the next compile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from compiler import registry
from compiler.diagnostics import Report
from compiler.files import open_folder
from compiler.model.package import Lowered, Package
from compiler.model.versions import Crossing
from compiler.spec.image import split_image

_ACCEPTED = (
    "if the volume is new, the data was moved, or you restore an earlier copy first: add the code to "
    "`spec.silence` with this reason"
)
_IMAGE = re.compile(r"(?:image|imageName|value): [\"']?([\w./:@-]+:[\w.-]+)")


def check_previous(environments: Mapping[str | None, Lowered], root: Path, report: Report) -> None:
    for name, lowered in environments.items():
        packages = lowered.packages.values() if name is not None else ()
        for package in packages:
            for old, crossing in _crossings(package, root, str(name)):
                _add(package, old, crossing, lowered, report.within(name))


def _crossings(package: Package, root: Path, environment: str) -> Iterator[tuple[str, Crossing]]:
    """The earlier image, and what the step from it to the present one does to the data."""
    instance = package.instance
    if instance is None or instance.section != "components":
        return
    versions = registry.versions(instance.type)
    image = getattr(instance.spec, "image", None)
    if not versions.boundaries or not isinstance(image, str):
        return
    claim = getattr(getattr(instance.spec, "adopt", None), "claim", None)
    files = _earlier_files(root, environment, package.name)
    if claim and not any(claim in text for text in files):
        return  # the volume is not the one of the last compile
    old = _image_of(files, split_image(image)[0].rpartition("/")[2])
    kinds = dict.fromkeys(resource.kind for resource in package.resources)
    crossings = [
        crossing for kind in kinds if old for crossing in versions.crossings(kind, old, image)
    ]
    if old and crossings:
        refused = [crossing for crossing in crossings if crossing.refused]
        yield old, (refused or crossings)[0]


def _earlier_files(root: Path, environment: str, name: str) -> list[str]:
    """The last compile's files of a package: the overlay's, then the base's.

    A file that cannot be read is skipped, because the check of the output reports it.
    """
    files: list[str] = []
    with suppress(OSError), open_folder(root) as tree:
        for folder in (f"overlays/{environment}/{name}", f"base/{name}"):
            for file in tree.names(folder):
                data = tree.read_if_there(f"{folder}/{file}") if file.endswith(".yaml") else None
                files.append((data or b"").decode("utf-8", "replace"))
    return files


def _image_of(files: list[str], repository: str) -> str | None:
    """The first image of a repository that the files name."""
    images = (str(image) for text in files for image in _IMAGE.findall(text))
    matching = (image for image in images if split_image(image)[0].rpartition("/")[2] == repository)
    return next(matching, None)


def _add(package: Package, old: str, crossing: Crossing, lowered: Lowered, report: Report) -> None:
    assert package.instance is not None
    path = (*package.instance.path, "image")
    step = f"`{package.name}` was compiled with `{split_image(old)[1]}` before: "
    report.add(
        "refused-data" if crossing.refused else "one-way-upgrade",
        f"{step}{crossing.reason}",
        lowered.platform.document.value_span(path),
        path=path,
        help=(crossing.remedy, _ACCEPTED) if crossing.refused else crossing.remedy,
    )
