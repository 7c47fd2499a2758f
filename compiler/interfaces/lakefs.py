"""lakeFS: data under version control, behind a gateway that speaks S3.

A repository is a bucket, and the first part of a key is a branch, tag or commit. A client uses it
like any S3 endpoint, and with `lakectl`. Open-source lakeFS has one user, an administrator, with at
most two keys. So every client gets that key, and only network policies limit the clients of the
gateway. The store behind lakeFS is open to lakeFS alone.
"""

from __future__ import annotations

from typing import Any, ClassVar

from compiler import model
from compiler.interfaces import s3
from compiler.model import Env, SecretRef

BRANCH = "main"  # the default branch, for clients that do not handle branches


class Endpoint(s3.Endpoint, frozen=True, kw_only=True):
    """The address of the gateway, and the administrator's key."""

    scoped: ClassVar[bool] = False

    @classmethod
    def client_claim(cls, consumer: model.Instance[Any]) -> s3.Claim:
        """Claims no repository: lakeFS's section of the spec lists them."""
        return s3.Claim(buckets=(), shared=True)

    @classmethod
    def credential(cls, binding: model.Binding[model.Claim, model.Offer]) -> None:
        """No credential for each binding: the provider declares one that all share."""

    @property
    def secret(self) -> str:
        return admin(self.binding.provider)

    def uri(self, bucket: str) -> str:
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
