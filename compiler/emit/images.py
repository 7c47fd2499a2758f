"""List the images of upstream systems: from vendored releases, which lie next to the spec, and from the
platform's settings in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compiler.derive.used_images import UsedImage, used_image
from compiler.document.other_files import FileContentError, documents
from compiler.files import Folder, open_folder
from compiler.model.package import Lowered
from compiler.spec.image import Mirrors, split_image, upstreams
from compiler.upstream.object_images import object_images
from compiler.upstream.prerequisites import prerequisites, vendored

OPERATORS = "operators"  # the folder of vendored releases


def vendored_images(root: Path, mirrors: Mirrors) -> Iterator[UsedImage]:
    """The images of vendored releases, one folder each, in a spec's folder."""
    with open_folder(root) as folder:
        for system in folder.names(OPERATORS):
            directory = f"{OPERATORS}/{system}"
            files = [name for name in folder.names(directory) if name.endswith(".yaml")]
            names = {
                image
                for file in files
                for manifest in _manifests(folder, f"{directory}/{file}")
                for image in object_images(manifest)
                if split_image(image)[0]  # a line of `--format pairs` must have two words
            }
            for image in sorted(names):
                yield used_image(image, upstreams(image, mirrors), (directory,))


def _manifests(folder: Folder, path: str) -> list[Any]:
    """The objects in a file of a release. Raises FileContentError with the file's name."""
    try:
        return documents(folder.read(path), aliases=True)
    except FileContentError as error:
        raise FileContentError(f"{path} {error}") from error


def settings_images(lowered: Lowered) -> Iterator[UsedImage]:
    """The images that the platform's settings in upstream systems name, such as the one of a helper container."""
    mirrors = lowered.platform.settings.registry.mirrors
    for system in (*prerequisites(lowered.graph), *vendored(lowered.graph)):
        names = {image for manifest in system.objects for image in object_images(manifest)}
        for image in sorted(names):
            yield used_image(image, upstreams(image, mirrors), (system.name,))
