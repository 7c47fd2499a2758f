"""References to container images: `registry.example.com/team/app:1.4@sha256:...`."""

from __future__ import annotations

import re
from collections.abc import Mapping


def split_image(text: str) -> tuple[str, str, str]:
    """Repository, tag and digest of an image reference; empty where it has none."""
    name, _, digest = text.partition("@")
    head, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    if digest and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        return "", "", ""
    path = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
    host = rf"([A-Za-z0-9.-]+(:[0-9]{{1,5}})?/)?({path}/)*"
    good = re.fullmatch(rf"{host}{path}", head + slash + last) and (
        not tag or re.fullmatch(r"\w[\w.-]{0,127}", tag)
    )
    return (head + slash + last, tag, digest) if good and len(text) < 500 else ("", "", "")


def full_name(image: str) -> str:
    """An image with the registry that a container runtime would add."""
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"


def mirrored(image: str, mirror: str) -> str:
    """An image as the mirror holds it."""
    return image if image.startswith(f"{mirror}/") else f"{mirror}/{full_name(image)}"


def pulled(image: str, mirror: str | None, pins: Mapping[str, str]) -> str:
    """An image as the cluster is told to pull it."""
    _, _, digest = split_image(image)
    pin = "" if digest else pins.get(full_name(image), "")
    name = mirrored(image, mirror) if mirror else image
    return f"{name}@{pin}" if pin else name
