"""What a client of Ceph learns: a bucket that Rook grants it, or one that others have too.

Rook 1.20 answers a bucket claim with a bucket, a user that owns it, and, under the claim's own name
and in its namespace, a Secret with the user's key and a ConfigMap with the bucket's place. That is
just what a consumer needs that has one bucket to itself: the claim has the name of its Secret.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from compiler import model
from compiler.interfaces import s3
from compiler.model import ConfigRef, Env

PLACE = ("BUCKET_HOST", "BUCKET_PORT", "BUCKET_NAME")  # keys of the ConfigMap


class Endpoint(s3.Endpoint, frozen=True, kw_only=True):
    """Where the store is and which bucket is ours."""

    @classmethod
    def credential(cls, binding: s3.Binding) -> model.Credential | None:
        made = s3.Endpoint.credential(binding)
        return replace(made, created_by="Rook") if made and owns(binding) else made

    def env(self) -> tuple[Env, ...]:
        """The place as Rook's ConfigMap tells it comes on top: no pod starts before the bucket."""
        client = s3.Endpoint.env(self)
        if not owns(self.binding):
            return client
        return (*client, *(Env(key, ConfigRef(self.secret, key)) for key in PLACE))


def owns(binding: s3.Binding) -> bool:
    """Whether a consumer has its one bucket to itself, and reads its key in one namespace.

    What a component claims unshared is its own; its clients, who claim the same, come to visit.
    """
    consumer: model.Instance[Any] = binding.consumer
    claim = binding.claim
    visits = claim.shared or claim.read_only or claim.abroad
    return consumer.section == "components" and len(claim.buckets) == 1 and not visits
