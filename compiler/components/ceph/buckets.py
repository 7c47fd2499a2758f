"""Buckets of a Ceph object store and their access rights, from the claims on it.

Facts about Rook 1.20: a bucket claim creates a user that owns the bucket; the claim's
`bucketPolicy` grants rights to other users, but the operator accepts it only if a setting allows
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from compiler import kube, model
from compiler.components.ceph import kinds
from compiler.components.ceph.endpoint import owns
from compiler.interfaces import s3

Bindings = tuple[s3.Binding, ...]


def lower(me: model.Instance[Any], store: str, bindings: Bindings) -> Iterator[model.Resource]:
    guests = [binding for binding in bindings if not owns(binding)]
    for guest in guests:
        yield _user(me, store, guest)
    if _buckets(bindings):
        yield _class(me, store)
    owners = {binding.claim.buckets[0]: binding for binding in bindings if owns(binding)}
    for bucket in _buckets(bindings):
        visitors = [binding for binding in guests if bucket in binding.claim.buckets]
        yield _claim(me, bucket, owners.get(bucket), visitors)


def _buckets(bindings: Bindings) -> list[str]:
    """All claimed buckets."""
    return sorted({bucket for binding in bindings for bucket in binding.claim.buckets})


def _user(me: model.Instance[Any], store: str, binding: s3.Binding) -> model.Resource:
    """A user with the key of the consumer's Secret; Rook then creates no Secret."""
    key = {
        "accessKeyRef": {"name": binding.secret, "key": s3.ACCESS_KEY},
        "secretKeyRef": {"name": binding.secret, "key": s3.SECRET_KEY},
    }
    spec = {"store": store, "displayName": binding.secret, "keys": [key]}
    return model.Resource.of(kinds.USER, kube.metadata(me, binding.secret, "user"), spec, step=1)


def _class(me: model.Instance[Any], store: str) -> model.Resource:
    """The cluster-wide class of the bucket claims."""
    return model.Resource(
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": _class_name(me)},
            # The operator's namespace is part of the provisioner's name.
            "provisioner": f"{me.namespace}.ceph.rook.io/bucket",
            "parameters": {"objectStoreName": store, "objectStoreNamespace": me.namespace},
            "reclaimPolicy": "Retain",
        },
        step=1,
    )


def _class_name(me: model.Instance[Any]) -> str:
    return f"{me.platform}-{me.name}-buckets"


def _claim(
    me: model.Instance[Any], bucket: str, owner: s3.Binding | None,
    visitors: Iterable[s3.Binding],
) -> model.Resource:  # fmt: skip
    """A bucket with a fixed name. Its owner finds key and address under the claim's name."""
    metadata = kube.metadata(me, f"{me.name}-{bucket}", "bucket")
    if owner is not None:
        metadata |= {"name": owner.secret, "namespace": owner.consumer.namespace}
    spec: model.Manifest = {"bucketName": bucket, "storageClassName": _class_name(me)}
    policy = _policy(bucket, visitors)
    if policy is not None:
        spec["additionalConfig"] = {"bucketPolicy": policy}
    return model.Resource.of(kinds.CLAIM, metadata, spec, step=2)


def _policy(bucket: str, visitors: Iterable[s3.Binding]) -> str | None:
    """The bucket's policy: one statement list for all its writers, and one for all its readers."""
    users: dict[bool, list[str]] = {}
    for binding in visitors:
        arn = f"arn:aws:iam:::user/{binding.secret}"
        users.setdefault(binding.claim.read_only, []).append(arn)
    statements = []
    for read_only, names in sorted(users.items()):
        claim = s3.Claim(buckets=(bucket,), read_only=read_only)
        statements += [
            {**statement, "Principal": {"AWS": names}} for statement in s3.statements(claim)
        ]
    return s3.document(statements) if statements else None
