"""List the images of vendored releases from their manifests, which lie next to the spec."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from compiler.derive.used_images import UsedImage, used_image
from compiler.files import open_folder
from compiler.model.images import image_keys
from compiler.spec.image import Mirrors, upstreams
from compiler.upstream.documents import documents

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
                for document in documents(folder.read(f"{directory}/{file}"))
                for image in image_keys(document)
            }
            for image in sorted(names):
                yield used_image(image, upstreams(image, mirrors), (directory,))
