"""References to container images: `registry.example.com/team/app:1.4@sha256:...`."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PATH = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
_NAME = rf"([A-Za-z0-9.-]+(:[0-9]{{1,5}})?/)?({_PATH}/)*{_PATH}"
_TAG = r"\w[\w.-]{0,127}"
_DIGEST = r"sha256:[0-9a-f]{64}"
# A reference that names a version: by its tag, its digest or both.
PATTERN = rf"{_NAME}(:{_TAG}(@{_DIGEST})?|@{_DIGEST})"


def split_image(text: str) -> tuple[str, str, str]:
    """Repository, tag and digest of an image reference; empty if missing."""
    name, _, digest = text.partition("@")
    head, slash, base_name = name.rpartition("/")
    base_name, _, tag = base_name.partition(":")
    good = (
        re.fullmatch(_NAME, head + slash + base_name)
        and (not tag or re.fullmatch(_TAG, tag))
        and (not digest or re.fullmatch(_DIGEST, digest))
    )
    return (head + slash + base_name, tag, digest) if good and len(text) < 500 else ("", "", "")


def full_name(image: str) -> str:
    """An image with the registry that a container runtime would add."""
    registry, slash, _ = image.partition("/")
    if slash and ("." in registry or ":" in registry or registry == "localhost"):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"


def mirrored(image: str, mirror: str) -> str:
    """The name of an image in the mirror."""
    return image if image.startswith(f"{mirror}/") else f"{mirror}/{full_name(image)}"


def pulled(image: str, mirror: str | None, pins: Mapping[str, str]) -> str:
    """The name by which the cluster pulls an image."""
    _, _, digest = split_image(image)
    pin = "" if digest else pins.get(full_name(image), "")
    name = mirrored(image, mirror) if mirror else image
    return f"{name}@{pin}" if pin else name
