"""Users and buckets of a Ceph object store, from the claims that are made on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from compiler import kube, model
from compiler.interfaces import s3

Bindings = tuple[model.Binding, ...]


def lower(me: model.Instance[Any], store: str, bindings: Bindings) -> Iterator[model.Resource]:
    for binding in bindings:
        yield _user(me, store, binding)
    wanted = sorted({bucket for binding in bindings for bucket in binding.claim.buckets})
    if wanted:
        yield _class(me, store)
    for bucket in wanted:
        yield _claim(me, bucket, [one for one in bindings if bucket in one.claim.buckets])


def _user(me: model.Instance[Any], store: str, binding: model.Binding) -> model.Resource:
    """A user with the key of the consumer's Secret; Rook makes no Secret of its own then."""
    key = {
        "accessKeyRef": {"name": binding.secret, "key": s3.ACCESS_KEY},
        "secretKeyRef": {"name": binding.secret, "key": s3.SECRET_KEY},
    }
    return model.Resource(
        {
            "apiVersion": "ceph.rook.io/v1",
            "kind": "CephObjectStoreUser",
            "metadata": kube.metadata(me, binding.secret, "user"),
            "spec": {"store": store, "displayName": binding.secret, "keys": [key]},
        },
        step=1,
    )


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
    me: model.Instance[Any], bucket: str, bindings: Iterable[model.Binding]
) -> model.Resource:
    """A bucket of a fixed name, and who may read and write it."""
    return model.Resource(
        {
            "apiVersion": "objectbucket.io/v1alpha1",
            "kind": "ObjectBucketClaim",
            "metadata": kube.metadata(me, f"{me.name}-{bucket}", "bucket"),
            "spec": {
                "bucketName": bucket,
                "storageClassName": _class_name(me),
                "additionalConfig": {"bucketPolicy": _policy(bucket, bindings)},
            },
        },
        step=2,
    )


def _policy(bucket: str, bindings: Iterable[model.Binding]) -> str:
    """The bucket's policy: the same words for all its writers, and for all its readers."""
    users: dict[bool, list[str]] = {}
    for binding in bindings:
        arn = f"arn:aws:iam:::user/{binding.secret}"
        users.setdefault(binding.claim.read_only, []).append(arn)
    statements = []
    for read_only, names in sorted(users.items()):
        claim = s3.Claim(buckets=(bucket,), read_only=read_only)
        statements += [{**one, "Principal": {"AWS": names}} for one in s3.statements(claim)]
    return s3.document(statements)
