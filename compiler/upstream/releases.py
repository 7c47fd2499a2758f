"""Vendor upstream releases: fetch them once, verify their hashes, and drop Secrets that hold values.

A release becomes a kustomize root, `operators/<name>/`, which is applied before the platform. Its
images come from the mirror if there is one. `platform.lock` holds the SHA-256 of each file;
different content is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from compiler.files import MOST_BYTES
from compiler.kube import yaml
from compiler.kube.kustomize import KUSTOMIZATION
from compiler.model.images import Rewriter, image_keys
from compiler.model.resource import Manifest
from compiler.spec.image import Mirrors, pulled
from compiler.upstream.documents import TooLargeError, documents
from compiler.upstream.https import LOCAL_HOSTS, ask, unreachable


class VendorError(Exception):
    """A release cannot be fetched, or its content differs from the lock."""


class Vendored(Struct, frozen=True):
    """A release's files and digests."""

    files: Mapping[str, str]
    digests: Mapping[str, str]  # address to digest


def vendor(
    addresses: tuple[str, ...], namespaces: Iterable[str], locked: Mapping[str, str],
    mirrors: Mirrors, base: str | None,
) -> Vendored:  # fmt: skip
    """Fetch a release. `base` is an HTTP mirror that has a folder for each host.

    A release that is applied into a namespace does not create it, but a separate kustomize root
    must.
    """
    files: dict[str, str] = {}
    digests: dict[str, str] = {}
    missing = set(namespaces)
    for address in addresses:
        data = _fetch(address, base)
        digests[address] = f"sha256:{sha256(data).hexdigest()}"
        if locked.get(address, digests[address]) != digests[address]:
            raise VendorError(
                f"{address} does not match platform.lock: expected {locked[address]}, got "
                f"{digests[address]}"
            )
        objects = [_mirrored(manifest, mirrors) for manifest in _objects(data, address)]
        files[_file(address)] = yaml.dump_all(yaml.dump(manifest) for manifest in objects)
        missing -= {
            manifest["metadata"]["name"] for manifest in objects if manifest["kind"] == "Namespace"
        }
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
    """The bytes of a file, from upstream or from a mirror with a folder for each host."""
    parts = urlsplit(address)
    source = f"{base.rstrip('/')}/{parts.netloc}{parts.path}" if base else address
    parsed = urlsplit(source)
    if parsed.scheme != "https" and not (
        parsed.scheme == "http" and parsed.hostname in LOCAL_HOSTS
    ):
        raise VendorError(f"{source} is not https")
    try:
        with ask(source) as answer:
            data: bytes = answer.read(MOST_BYTES + 1)
    except OSError as error:
        raise VendorError(f"{source}: {unreachable(error) or error}") from error
    if len(data) > MOST_BYTES:
        raise VendorError(f"{source} is larger than {MOST_BYTES // 2**20} MiB")
    return data


def _objects(data: bytes, address: str) -> Iterator[Manifest]:
    """Every object of a file, lists unpacked, without Secrets that hold values."""
    import yaml as pyyaml

    try:
        parsed = documents(data)
    except pyyaml.YAMLError as error:
        raise VendorError(f"{address} is not YAML") from error
    except TooLargeError as error:
        raise VendorError(f"{address}: {error}") from error
    for document in parsed:
        for manifest in _unpacked(document):
            if manifest.get("kind") != "Secret" or not (
                manifest.get("data") or manifest.get("stringData")
            ):
                yield manifest


def _unpacked(document: Any) -> Iterator[Manifest]:
    if not isinstance(document, dict):
        return
    if document.get("kind") == "List":
        yield from document.get("items", ())
    elif "kind" in document:
        yield document


def _mirrored(manifest: Manifest, mirrors: Mirrors) -> Manifest:
    if not mirrors:
        return manifest
    names = {image: pulled(image, mirrors, {}) for image in image_keys(manifest)}
    if not names:
        return manifest
    changed: Manifest = Rewriter(names).value(manifest)
    return changed
