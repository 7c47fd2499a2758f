"""Read references to container images: `registry.example.com/team/app:1.4@sha256:...`."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PATH = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
_NAME = rf"([A-Za-z0-9.-]+(:[0-9]{{1,5}})?/)?({_PATH}/)*{_PATH}"
_TAG = r"\w[\w.-]{0,127}"
_DIGEST = r"sha256:[0-9a-f]{64}"
# A reference that names a version: by its tag, its digest or both.
PATTERN = rf"{_NAME}(:{_TAG}(@{_DIGEST})?|@{_DIGEST})"

_FLOATING = {"latest", "main", "master", "edge", "nightly", "dev", "stable"}


def is_floating(text: str) -> bool:
    """Whether a reference names no version: it has no digest, and no tag or one that moves."""
    _, tag, digest = split_image(text)
    return not digest and (not tag or tag in _FLOATING)


def split_image(text: str) -> tuple[str, str, str]:
    """Repository, tag and digest of an image reference; empty if missing."""
    name, _, digest = text.partition("@")
    head, slash, base_name = name.rpartition("/")
    base_name, _, tag = base_name.partition(":")
    valid = (
        re.fullmatch(_NAME, head + slash + base_name)
        and (not tag or re.fullmatch(_TAG, tag, re.ASCII))
        and (not digest or re.fullmatch(_DIGEST, digest))
    )
    return (head + slash + base_name, tag, digest) if valid and len(text) < 500 else ("", "", "")


def full_name(image: str) -> str:
    """An image with the registry and the folder that a container runtime would add.

    Docker Hub has an older name too, which runtimes replace (`normalize.go` of distribution/reference).
    """
    registry, slash, path = image.partition("/")
    if not slash or not ("." in registry or ":" in registry or registry == "localhost"):
        registry, path = "docker.io", image
    if registry not in ("docker.io", "index.docker.io"):
        return image
    return f"docker.io/{path}" if "/" in path else f"docker.io/library/{path}"


Mirrors = Mapping[str, str]  # the registry and path that holds each upstream registry's images
ANY = "*"  # every registry that has no mirror of its own; images keep the registry in their path


def mirrored(image: str, mirrors: Mirrors) -> str:
    """The name of an image in the mirror of its registry.

    Images on a mirror's registry, such as a team's, are pulled from there.
    """
    registry, _, path = full_name(image).partition("/")
    if registry in registries(mirrors):
        return image
    if registry in mirrors:
        return f"{mirrors[registry]}/{path}"
    return f"{mirrors[ANY]}/{registry}/{path}" if ANY in mirrors else image


def registries(mirrors: Mirrors) -> frozenset[str]:
    """The hosts of the mirrors."""
    return frozenset(mirror.partition("/")[0] for mirror in mirrors.values())


def upstreams(reference: str, mirrors: Mirrors) -> str:
    """Upstream's name of a mirrored image, by the longest mirror that the name begins with."""
    for registry, mirror in sorted(mirrors.items(), key=lambda item: (-len(item[1]), item[0])):
        if reference.startswith(f"{mirror}/"):
            path = reference.removeprefix(f"{mirror}/")
            return full_name(path if registry == ANY else f"{registry}/{path}")
    return full_name(reference)


def pulled(image: str, mirrors: Mirrors, pins: Mapping[str, str]) -> str:
    """The name by which the cluster pulls an image."""
    _, _, digest = split_image(image)
    pin = "" if digest else pins.get(full_name(image), "")
    name = mirrored(image, mirrors)
    return f"{name}@{pin}" if pin else name
