"""Versions that are known not to work with a component, each with its source."""

from __future__ import annotations

import re

from msgspec import Struct

from compiler.spec.image import split_image


class UnfitImage(Struct, frozen=True):
    """Images of a component that do not work with the objects that the component writes."""

    repository: str  # the end of the image's name
    tag: str  # a pattern
    reason: str
    help: str

    def means(self, image: str) -> bool:
        repository, tag, _ = split_image(image)
        same = f"/{repository}".endswith(f"/{self.repository}")
        return same and re.fullmatch(self.tag, tag) is not None


class OldestKubernetes(Struct, frozen=True):
    """The oldest Kubernetes 1.x that a component's pinned release supports; 0: any."""

    minor: int = 0
    source: str = ""
