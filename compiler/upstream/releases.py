"""Vendor upstream releases: fetch them once, verify their hashes, and drop Secrets that hold values.

A release becomes a kustomize root, `operators/<name>/`, which is applied before the platform, together with
the platform's settings in it. Its images come from the mirror if there is one. `platform.lock` holds the
SHA-256 of each file; different content is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from compiler.document.other_files import FileContentError, documents
from compiler.files import MOST_BYTES
from compiler.kube import yaml
from compiler.kube.kustomize import KUSTOMIZATION
from compiler.model.manifest import Manifest
from compiler.model.resource import Resource
from compiler.spec.image import Mirrors
from compiler.upstream.https import LOCAL_HOSTS, ask, unreachable
from compiler.upstream.object_images import with_mirrors


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
    digests: dict[str, str] = {}
    objects: dict[str, list[Manifest]] = {}
    for address in addresses:
        data = _fetch(address, base)
        digests[address] = f"sha256:{sha256(data).hexdigest()}"
        if locked.get(address, digests[address]) != digests[address]:
            raise VendorError(
                f"{address} does not match platform.lock: expected {locked[address]}, got "
                f"{digests[address]}"
            )
        objects[_file(address)] = [
            with_mirrors(manifest, mirrors) for manifest in _objects(data, address)
        ]
    return Vendored(_root(_without_earlier(objects), namespaces), digests)


def _root(objects: Mapping[str, list[Manifest]], namespaces: Iterable[str]) -> dict[str, str]:
    """A release's objects as the files of a kustomize root, with the namespaces that it does not create."""
    created = {
        manifest["metadata"]["name"]
        for manifests in objects.values()
        for manifest in manifests
        if manifest["kind"] == "Namespace"
    }
    missing = sorted({*namespaces} - created)
    files = {f"namespace-{space}.yaml": _namespace(space) for space in missing}
    for name, manifests in objects.items():
        if manifests:
            files[name] = yaml.dump_all(yaml.dump(manifest) for manifest in manifests)
    return {**files, "kustomization.yaml": _kustomization(list(files))}


def _without_earlier(objects: Mapping[str, list[Manifest]]) -> dict[str, list[Manifest]]:
    """Each object where it comes last: kustomize refuses an object twice, and kubectl applies the last over
    the others. Releases have their definitions in two files.
    """
    latest: dict[tuple[str, ...], tuple[str, Manifest]] = {}
    for name, manifests in objects.items():
        for manifest in manifests:
            latest[Resource(manifest).id] = (name, manifest)
    return {
        name: [manifest for file, manifest in latest.values() if file == name] for name in objects
    }


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
    try:
        parsed = documents(data, aliases=True)
    except FileContentError as error:
        raise VendorError(f"{address} {error}") from error
    for document in parsed:
        for manifest in _unpacked(document):
            if not _is_object(manifest):
                raise VendorError(f"{address} holds something that is no object of Kubernetes")
            if manifest.get("kind") != "Secret" or not (
                manifest.get("data") or manifest.get("stringData")
            ):
                yield manifest


def _is_object(manifest: Any) -> bool:
    if not isinstance(manifest, dict) or not isinstance(manifest.get("metadata"), dict):
        return False
    names = (manifest.get("apiVersion"), manifest.get("kind"), manifest["metadata"].get("name"))
    return all(isinstance(name, str) for name in names)


def _unpacked(document: Any) -> Iterator[Manifest]:
    if not isinstance(document, dict):
        return
    if document.get("kind") == "List":
        yield from document.get("items", ())
    elif "kind" in document:
        yield document
