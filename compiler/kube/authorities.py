"""Give the authorities of outside services to pods as files, and to other programs as objects.

The spec states a service's authority once: as text, or by the object that has it. Each container
finds it in the file `AUTHORITIES/<provider>.crt`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from compiler.kube.volumes import Volume
from compiler.model.authority import Authority
from compiler.model.binding import AUTHORITIES, Endpoint
from compiler.model.credential import Credential
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.resource import ConfigFiles, ConfigRef, Resource, SecretRef

NAME = "authorities"


def config_name(consumer: str) -> str:
    """The name of the ConfigMap, or of the Secret, with the certificates that a consumer needs."""
    return f"{consumer}-{NAME}"


def key(provider: str) -> str:
    """The name of a provider's file."""
    return f"{provider}.crt"


def files(
    consumer: str, namespace: str, authorities: Iterable[tuple[str, Authority]]
) -> ConfigFiles | None:
    """The ConfigMap with the certificates that the spec contains, by provider."""
    texts = {key(provider): authority.text for provider, authority in authorities if authority.text}
    name = config_name(consumer)
    return ConfigFiles(name, namespace, dict(sorted(texts.items()))) if texts else None


def volume(consumer: str, authorities: Iterable[tuple[str, Authority]]) -> Volume:
    """The volume with the files of all of a consumer's authorities."""
    listed = dict(authorities)
    existing = [
        _projected(provider, authority.source)
        for provider, authority in sorted(listed.items())
        if authority.source is not None
    ]
    texts = {"configMap": {"name": config_name(consumer)}}
    if not existing:
        return Volume(NAME, texts, AUTHORITIES, read_only=True)
    has_text = any(authority.text for authority in listed.values())
    sources = [*([texts] if has_text else []), *existing]
    return Volume(NAME, {"projected": {"sources": sources}}, AUTHORITIES, read_only=True)


def _projected(provider: str, source: ConfigRef | SecretRef) -> Manifest:
    kind = "secret" if isinstance(source, SecretRef) else "configMap"
    items = [{"key": source.key, "path": key(provider)}]
    return {kind: {"items": items, "name": source.name}}


def of(endpoints: Iterable[Endpoint]) -> dict[str, Authority]:
    """The authorities of some endpoints, by provider."""
    return {
        endpoint.binding.provider.name: endpoint.offer.ca
        for endpoint in endpoints
        if endpoint.offer.ca is not None
    }


def secret_key(endpoint: Endpoint) -> Manifest | None:
    """The reference to the Secret with the certificates, for a program that reads only Secrets.

    None without an authority, or if a ConfigMap has it.
    """
    authority = endpoint.offer.ca
    if authority is None or isinstance(authority.source, ConfigRef):
        return None
    if isinstance(authority.source, SecretRef):
        return {"name": authority.source.name, "key": authority.source.key}
    provider, consumer = endpoint.binding.provider.name, endpoint.binding.consumer.name
    return {"name": config_name(consumer), "key": key(provider)}


def secret(
    me: Instance[Any], namespace: str, endpoint: Endpoint
) -> Iterator[Resource | Credential]:
    """The Secret that `secret_key` names.

    If the spec has the text, it is an object, because certificates are public; else it is the user's.
    """
    authority, reference = endpoint.offer.ca, secret_key(endpoint)
    if authority is None or reference is None:
        return
    if isinstance(authority.source, SecretRef):
        yield existing(authority.source, namespace, me.name)
        return
    yield Resource(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": reference["name"], "namespace": namespace},
            "type": "Opaque",
            "stringData": {reference["key"]: authority.text},
        }
    )


def existing(source: SecretRef, namespace: str, reader: str) -> Credential:
    """A Secret with certificates, which the user keeps."""
    return Credential(
        source.name, {source.key: ""}, (namespace,), (reader,), created_by="you",
        note="certificates, and no secret",
    )  # fmt: skip
