"""The client side of Ceph: a bucket that Rook grants exclusively, or a shared bucket.

For a bucket claim, Rook 1.20 creates a bucket, a user that owns it and, with the claim's name and
in its namespace, a Secret with the user's key and a ConfigMap with the bucket's address. A consumer
with an exclusive bucket needs exactly these, so the claim has the name of the consumer's Secret.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from compiler import model
from compiler.interfaces import s3
from compiler.model import ConfigRef, Env

ADDRESS_KEYS = ("BUCKET_HOST", "BUCKET_PORT", "BUCKET_NAME")  # keys of the ConfigMap


class Endpoint(s3.Endpoint, frozen=True, kw_only=True):
    """The address of the store, and the client's bucket."""

    @classmethod
    def credential(cls, binding: s3.Binding) -> model.Credential | None:
        credential = s3.Endpoint.credential(binding)
        return (
            replace(credential, created_by="Rook") if credential and owns(binding) else credential
        )

    def env(self) -> tuple[Env, ...]:
        """Adds the variables of Rook's ConfigMap: no pod starts before its bucket exists."""
        client = s3.Endpoint.env(self)
        if not owns(self.binding):
            return client
        return (*client, *(Env(key, ConfigRef(self.secret, key)) for key in ADDRESS_KEYS))


def owns(binding: s3.Binding) -> bool:
    """Whether a consumer has one bucket exclusively, and reads its key in one namespace.

    A component that claims a bucket without `shared` owns it; its clients, which claim the same
    bucket, do not.
    """
    consumer: model.Instance[Any] = binding.consumer
    claim = binding.claim
    visits = claim.shared or claim.read_only or claim.abroad
    return consumer.section == "components" and len(claim.buckets) == 1 and not visits
