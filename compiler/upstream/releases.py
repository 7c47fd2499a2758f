"""Upstream releases brought along: fetched once, checked ever after, without their Secrets.

A release becomes a kustomize root of its own, `operators/<name>/`, applied before the platform. Its
images come from the mirror where there is one. `platform.lock` holds the SHA-256 of each file; an
address that answers with another content is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from compiler.kube import yaml
from compiler.kube.kustomize import KUSTOMIZATION
from compiler.model.images import Rewriter, image_keys
from compiler.model.resource import Manifest
from compiler.spec.image import pulled
from compiler.upstream.https import ask

_LOCAL = ("localhost", "127.0.0.1")


class VendorError(Exception):
    """A release can't be had, or is not what it was."""


class Vendored(Struct, frozen=True):
    """A release's files and digests."""

    files: Mapping[str, str]
    digests: Mapping[str, str]  # address to digest


def vendor(
    addresses: tuple[str, ...], namespaces: Iterable[str], known: Mapping[str, str],
    mirror: str | None, base: str | None,
) -> Vendored:  # fmt: skip
    """Fetch a release; `base` is an HTTP mirror of it, below which hosts are folders.

    Releases that are applied into a namespace do not make it, and a root of its own must.
    """
    files: dict[str, str] = {}
    digests: dict[str, str] = {}
    missing = set(namespaces)
    for address in addresses:
        data = _fetch(address, base)
        digests[address] = f"sha256:{sha256(data).hexdigest()}"
        if known.get(address, digests[address]) != digests[address]:
            raise VendorError(
                f"{address} is not what platform.lock says: expected {known[address]}, got "
                f"{digests[address]}"
            )
        objects = [_mirrored(one, mirror) for one in _objects(data, address)]
        files[_file(address)] = yaml.dump_all(yaml.dump(one) for one in objects)
        missing -= {one["metadata"]["name"] for one in objects if one["kind"] == "Namespace"}
    spaces = {f"namespace-{space}.yaml": _namespace(space) for space in sorted(missing)}
    root = _kustomization([*reversed(spaces), *map(_file, addresses)])
    return Vendored({**files, **spaces, "kustomization.yaml": root}, digests)


def _file(address: str) -> str:
    return address.rpartition("/")[2]


def _namespace(name: str) -> str:
    return yaml.dump({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def _kustomization(resources: list[str]) -> str:
    return yaml.dump({**KUSTOMIZATION, "resources": resources})


def _fetch(address: str, base: str | None) -> bytes:
    parts = urlsplit(address)
    source = f"{base.rstrip('/')}/{parts.netloc}{parts.path}" if base else address
    asked = urlsplit(source)
    if asked.scheme != "https" and not (asked.scheme == "http" and asked.hostname in _LOCAL):
        raise VendorError(f"{source} is not https")
    try:
        with ask(source) as answer:
            data: bytes = answer.read()
    except OSError as error:
        raise VendorError(f"{source}: {error}") from error
    return data


def _objects(data: bytes, address: str) -> Iterator[Manifest]:
    """Every object of a file, lists unpacked, but for Secrets that hold something."""
    import yaml as pyyaml

    loader = getattr(pyyaml, "CSafeLoader", pyyaml.SafeLoader)
    try:
        documents = list(pyyaml.load_all(data, Loader=loader))  # both are safe ones
    except pyyaml.YAMLError as error:
        raise VendorError(f"{address} is not YAML") from error
    for document in documents:
        for one in _unpacked(document):
            if one.get("kind") != "Secret" or not (one.get("data") or one.get("stringData")):
                yield one


def _unpacked(document: Any) -> Iterator[Manifest]:
    if not isinstance(document, dict):
        return
    if document.get("kind") == "List":
        yield from document.get("items", ())
    elif "kind" in document:
        yield document


def _mirrored(manifest: Manifest, mirror: str | None) -> Manifest:
    if mirror is None:
        return manifest
    names = {image: pulled(image, mirror, {}) for image in image_keys(manifest)}
    if not names:
        return manifest
    changed: Manifest = Rewriter(names).value(manifest)
    return changed
