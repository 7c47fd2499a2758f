"""lakeFS: data under version control, read and written through a gateway that speaks S3.

A repository is a bucket, and the first part of a key is a branch, tag or commit. To a client it is
an S3 endpoint like any other, and `lakectl` besides. Open-source lakeFS has one user, an
administrator, with at most one or two keys: every client gets that key, and what keeps clients
apart is who may reach the gateway at all. The store behind it opens to lakeFS alone.
"""

from __future__ import annotations

from typing import Any, ClassVar

from compiler import model
from compiler.interfaces import s3
from compiler.model import Env, SecretRef

BRANCH = "main"  # where a client that knows nothing of branches writes


class Endpoint(s3.Endpoint, frozen=True, kw_only=True):
    """Where the gateway is, and the administrator's key."""

    scoped: ClassVar[bool] = False

    @classmethod
    def client_claim(cls, consumer: model.Instance[Any]) -> s3.Claim:
        """No repository of its own: the spec says which there are."""
        return s3.Claim(buckets=(), shared=True)

    @classmethod
    def credential(cls, binding: model.Binding) -> None:
        """None of the binding's own; the provider declares the one that all share."""

    @property
    def secret(self) -> str:
        return admin(self.binding.provider)

    def place(self, bucket: str) -> str:
        return f"s3://{bucket}/{BRANCH}"

    def env(self) -> tuple[Env, ...]:
        return (
            *super().env(),
            Env("LAKECTL_SERVER_ENDPOINT_URL", self.url),
            Env("LAKECTL_CREDENTIALS_ACCESS_KEY_ID", SecretRef(self.secret, s3.ACCESS_KEY)),
            Env("LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY", SecretRef(self.secret, s3.SECRET_KEY)),
        )


def admin(provider: model.Instance[Any]) -> str:
    """The Secret with the administrator's key."""
    return f"{provider.name}-admin"
