"""Buckets of a Ceph object store and who may what in them, from the claims that are made on it.

Facts are of Rook 1.20: a bucket claim makes a user of its own, which owns the bucket; who else may
read or write it says the claim's `bucketPolicy`, which the operator takes only when it is told to.
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
    guests = [one for one in bindings if not owns(one)]
    for guest in guests:
        yield _user(me, store, guest)
    if _buckets(bindings):
        yield _class(me, store)
    owners = {one.claim.buckets[0]: one for one in bindings if owns(one)}
    for bucket in _buckets(bindings):
        visitors = [one for one in guests if bucket in one.claim.buckets]
        yield _claim(me, bucket, owners.get(bucket), visitors)


def _buckets(bindings: Bindings) -> list[str]:
    """All buckets that somebody claims."""
    return sorted({bucket for binding in bindings for bucket in binding.claim.buckets})


def _user(me: model.Instance[Any], store: str, binding: s3.Binding) -> model.Resource:
    """A user with the key of the consumer's Secret; Rook makes no Secret of its own then."""
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
    """A bucket of a fixed name: its owner's, who finds key and place under the claim's name."""
    metadata = kube.metadata(me, f"{me.name}-{bucket}", "bucket")
    if owner is not None:
        metadata |= {"name": owner.secret, "namespace": owner.consumer.namespace}
    spec: model.Manifest = {"bucketName": bucket, "storageClassName": _class_name(me)}
    policy = _policy(bucket, visitors)
    if policy is not None:
        spec["additionalConfig"] = {"bucketPolicy": policy}
    return model.Resource.of(kinds.CLAIM, metadata, spec, step=2)


def _policy(bucket: str, visitors: Iterable[s3.Binding]) -> str | None:
    """The bucket's policy: the same words for all its writers, and for all its readers."""
    users: dict[bool, list[str]] = {}
    for binding in visitors:
        arn = f"arn:aws:iam:::user/{binding.secret}"
        users.setdefault(binding.claim.read_only, []).append(arn)
    statements = []
    for read_only, names in sorted(users.items()):
        claim = s3.Claim(buckets=(bucket,), read_only=read_only)
        statements += [{**one, "Principal": {"AWS": names}} for one in s3.statements(claim)]
    return s3.document(statements) if statements else None
