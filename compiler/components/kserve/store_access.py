"""Give KServe's storage initializer access to a store, by annotations of the Secret with the key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler import kube, model
from compiler.interfaces import s3, serving

CERTIFICATES = "/etc/ssl/custom-certs"  # the folder in which the initializer looks for certificates


def authority(me: model.Instance[Any], store: s3.Endpoint) -> Iterator[model.Piece]:
    """The certificates for the initializer, which reads them from a ConfigMap of the namespace
    (0.20, storage_initializer_injector.go).
    """
    authority = store.offer.ca
    if authority is None:
        return
    if isinstance(authority.source, model.SecretRef):
        yield model.HandedAuthority(serving.STORE.slot, accepted=False)
        return
    trust = kube.authorities.files(me.name, me.namespace, kube.authorities.of([store]).items())
    if trust is not None:
        yield trust
    yield model.HandedAuthority(serving.STORE.slot)


def _trust(store: s3.Endpoint, consumer: str) -> dict[str, str]:
    """The ConfigMap that the initializer mounts, and the file in it."""
    authority = store.offer.ca
    if authority is None or isinstance(authority.source, model.SecretRef):
        return {}
    source, provider = authority.source, store.binding.provider.name
    name = source.name if source else kube.authorities.config_name(consumer)
    key = source.key if source else kube.authorities.key(provider)
    return {
        "serving.kserve.io/s3-cabundle": f"{CERTIFICATES}/{key}",
        "serving.kserve.io/s3-cabundle-configmap": name,
    }


def secret_annotations(store: s3.Endpoint, consumer: str) -> dict[str, str]:
    """KServe's annotations for an endpoint; a scheme in the endpoint would override the others."""
    secure = store.offer.scheme == "https"
    return {
        "serving.kserve.io/s3-endpoint": f"{store.host}:{store.port}",
        "serving.kserve.io/s3-region": store.region,
        "serving.kserve.io/s3-usehttps": "1" if secure else "0",
        # The initializer compares with `true` (0.20, kserve_storage.py).
        "serving.kserve.io/s3-usevirtualbucket": "true" if store.virtual else "0",
        "serving.kserve.io/s3-verifyssl": "1" if secure else "0",
        **_trust(store, consumer),
    }
