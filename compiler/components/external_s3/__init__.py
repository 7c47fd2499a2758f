"""An object store outside the platform: a cloud's, an appliance, another team's.

It offers S3 and has no objects; buckets and keys are created where it runs.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from compiler import model
from compiler.components.bases import external
from compiler.interfaces import s3
from compiler.interfaces.s3 import ACCESS_KEY, SECRET_KEY
from compiler.spec.constraints import Exact
from compiler.spec.types import Port

PHASE = model.Phase.STORES
MODELS = "model-store"  # the consumer that has the key of all models of a namespace
STORE = model.Provides("s3", s3.Endpoint)

revoke_command = external.revoke_command


class Spec(external.Spec):
    """An existing S3 endpoint."""

    port: Port | None = Field(default=None, description="Its port; default 443, or 80 without TLS.")
    tls: bool = Field(default=True, description="Whether it uses HTTPS.")
    region: Annotated[str, Exact(r"[a-z0-9-]+")] = Field(
        default="us-east-1", description="The region for signatures."
    )
    addressing: Literal["path", "virtual"] = Field(
        default="path",
        description="Where clients write the bucket: in the path, or in front of the host "
        "(`virtual`), for stores that take nothing else.",
    )
    checksums: Literal["when_required", "when_supported"] = Field(
        default="when_required", description="When clients add checksum headers."
    )

    KEYS: ClassVar[tuple[str, ...]] = (ACCESS_KEY, SECRET_KEY)

    @property
    def encrypted(self) -> bool:
        return self.tls


def binding_problems(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Problem]:
    yield from external.binding_problems(me, wiring)
    for binding in wiring.claims(STORE):
        if me.spec.addressing == "virtual":
            yield from _addressing(me, binding)
        login = binding.existing_login
        if login and login.keys and binding.consumer.type == MODELS:
            yield model.Problem(
                "invalid-value",
                f"serving systems read the key of `{me.name}` by the names {ACCESS_KEY} and {SECRET_KEY}",
                ("credentials",),
                f"rename the keys of that Secret, or add `{binding.consumer.name}` under "
                "`credentials.consumers` with a Secret that has these",
            )


def _addressing(me: model.Instance[Spec], binding: s3.Binding) -> Iterator[model.Problem]:
    """The problems of clients that write buckets only into paths, and of buckets without a certificate."""
    name, provider = binding.consumer.name, me.name
    if binding.claim.path_only:
        yield model.Problem(
            "store-settings",
            f"`{name}` writes buckets into paths alone, and `{provider}` takes them in host names",
            ("addressing",),
            f"bind `{name}` to another store, such as `seaweedfs: {{}}`",
            related=("its client", binding.consumer.path),
        )
    for bucket in binding.claim.buckets if me.spec.tls else ():
        if "." in bucket:
            yield model.Problem(
                "store-settings",
                f"the bucket `{bucket}` has a dot in its name, and no certificate of `{me.spec.host}` names it",
                ("addressing",),
                "name a bucket without dots",
                related=("its client", binding.consumer.path),
            )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    spec = me.spec
    return {
        STORE: s3.Offer(
            host=spec.host,
            port=spec.port or (443 if spec.tls else 80),
            scheme="https" if spec.tls else "http",
            region=spec.region,
            checksums=spec.checksums,
            subdomains=spec.addressing == "virtual",
            cidrs=spec.cidrs,
            ca=spec.authority,
            logins=spec.logins,
        )
    }


def administration(me: model.Instance[Spec], wiring: model.Wiring) -> str:
    """The buckets, and a policy for the key of each Secret."""
    claims: dict[str, s3.Claim] = {}
    for binding in wiring.claims(STORE):
        earlier = claims.get(binding.secret)
        merged = earlier.merged(binding.claim) if earlier else binding.claim
        claims[binding.secret] = merged or binding.claim
    names = s3.buckets(wiring.claims(STORE))
    texts = [f"buckets: {', '.join(names)}\n"] if names else []
    texts += [
        f"the policy of the key in the Secret {secret}:\n{s3.policy(claim)}"
        for secret, claim in sorted(claims.items())
    ]
    return "".join(texts)


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Resource]:
    return iter(())
