"""Buckets of a Ceph object store and their access rights, from the claims on it.

Facts about Rook 1.20.6: a bucket claim creates a user that owns the bucket, with a random key; the
claim's `bucketPolicy` grants rights to other users, but the operator accepts it only if a setting
allows it. In Ceph (16.2.15) an object belongs to the user that wrote it, and the owner of the bucket
may not read it unless the policy permits that. So no consumer has the key of the bucket's owner: all
are users that the policy names, and each can read the objects of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from compiler import kube, model
from compiler.components.ceph import kinds
from compiler.interfaces import s3

Bindings = tuple[s3.Binding, ...]
NO_MORE_BUCKETS = -1  # for Ceph, 0 means no limit


def lower(me: model.Instance[Any], store: str, bindings: Bindings) -> Iterator[model.Resource]:
    for binding in bindings:
        yield _user(me, store, binding)
    if buckets := s3.buckets(bindings):
        yield _class(me, store)
        for bucket in buckets:
            users = [binding for binding in bindings if bucket in binding.claim.buckets]
            yield _claim(me, bucket, users)


def _user(me: model.Instance[Any], store: str, binding: s3.Binding) -> model.Resource:
    """A user with the key of the consumer's Secret that can create no bucket.

    The Secret that Rook itself writes then has no key, and nothing reads it (1.20.6, user/controller.go).
    """
    key = {
        "accessKeyRef": {"name": binding.secret, "key": s3.ACCESS_KEY},
        "secretKeyRef": {"name": binding.secret, "key": s3.SECRET_KEY},
    }
    spec = {
        "store": store,
        "displayName": binding.secret,
        "keys": [key],
        "quotas": {"maxBuckets": NO_MORE_BUCKETS},
    }
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


def _claim(me: model.Instance[Any], bucket: str, users: Iterable[s3.Binding]) -> model.Resource:
    """A bucket with a fixed name, and the rights of its users."""
    metadata = kube.metadata(me, f"{me.name}-{bucket}", "bucket")
    spec = {
        "bucketName": bucket,
        "storageClassName": _class_name(me),
        "additionalConfig": {"bucketPolicy": _policy(bucket, users)},
    }
    return model.Resource.of(kinds.CLAIM, metadata, spec, step=2)


def _policy(bucket: str, bindings: Iterable[s3.Binding]) -> str:
    """The bucket's policy: one statement list for all its writers, and one for all its readers."""
    users: dict[bool, list[str]] = {}
    for binding in bindings:
        arn = f"arn:aws:iam:::user/{binding.secret}"
        users.setdefault(binding.claim.read_only, []).append(arn)
    statements = []
    for read_only, names in sorted(users.items()):
        claim = s3.Claim(buckets=(bucket,), read_only=read_only)
        statements += [
            {**statement, "Principal": {"AWS": names}} for statement in s3.statements(claim)
        ]
    return s3.document(statements)
