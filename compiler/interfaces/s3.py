"""The S3 protocol: buckets in an object store, and the client settings that it needs.

The settings have these reasons: the SDKs sign with V4 by default, but botocore 1.36 and later adds
checksum headers that other stores may refuse; the SDKs read the region from two different
variables; and they take path style and signature version only from the AWS configuration file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self

from msgspec.structs import replace

from compiler import kube, model
from compiler.model import Env, Random
from compiler.spec import quantity
from compiler.spec.quantity import GIB

CONFIG = "/etc/aws/config"
ACCESS_KEY, SECRET_KEY = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"


COPIES = "backups"  # the slot of the bucket that keeps an instance's copies
DRILL = "drill"  # the slot of the key that reads them, to see whether they can be restored
OF_COPIES = (COPIES, DRILL)


class Claim(model.Claim, frozen=True, kw_only=True):
    """Buckets, which the store creates, and a key that opens exactly these."""

    noun: ClassVar[str] = "bucket"

    buckets: tuple[str, ...]
    read_only: bool = False
    abroad: bool = False  # the key is also read outside the consumer's namespace
    holds: tuple[tuple[str, int], ...] = ()  # URIs and the bytes under them, where known
    path_only: bool = False  # the client knows no buckets in host names
    # They are written to while every client is stopped, such as the archive of a log.
    unceasing: bool = False
    copies: bool = False  # whether the buckets hold copies of the consumer's data
    # What follows a bucket's name where the consumer finds its data: a folder, or the form that it
    # writes and reads.
    part: str = ""
    parts_read: tuple[str, ...] = ()  # further parts that the consumer only reads

    @property
    def resources(self) -> tuple[str, ...]:
        return () if self.read_only else self.buckets  # a reader does not own the bucket

    @property
    def keeps(self) -> tuple[str, ...]:
        return tuple(f"{bucket}{self.part}" for bucket in self.resources)

    @property
    def opens(self) -> tuple[str, ...]:
        parts = (self.part, *self.parts_read)
        return tuple(f"{bucket}{part}" for bucket in self.buckets for part in parts)

    def merged(self, second: Self) -> Self | None:
        if (self.part, self.parts_read) != (second.part, second.parts_read):
            return None
        if self.read_only != second.read_only:
            return replace(self, read_only=False).merged(replace(second, read_only=False))
        return replace(
            self,
            buckets=tuple(sorted({*self.buckets, *second.buckets})),
            shared=self.shared and second.shared,
            holds=(*self.holds, *second.holds),
            path_only=self.path_only or second.path_only,
            unceasing=self.unceasing or second.unceasing,
        )


class Offer(model.Offer, frozen=True, kw_only=True):
    """A store that speaks S3: in path style, or with `subdomains` for buckets."""

    region: str = "us-east-1"
    scheme: str = "http"
    checksums: str = "when_required"  # `when_required` or `when_supported`
    buckets: tuple[str, ...] = ()  # those in the store's own spec, in addition to the claimed ones
    late_rights: bool = False  # an operator gives a new key its rights, some time after a delivery


Binding = model.Binding[Claim, Offer]


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The address of the store, and the client's bucket and key."""

    interface: ClassVar[str] = "s3"
    one_per_pod: ClassVar[bool] = True
    # Variables with the same meaning: of the SDKs for all services (botocore, Go, Java), of Rust's object_store.
    synonyms: ClassVar[tuple[str, ...]] = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    scoped: ClassVar[bool] = True  # whether a key opens only the buckets that its consumer claims

    @classmethod
    def client_claim(cls, consumer: model.Instance[Any]) -> Claim:
        return Claim(buckets=(consumer.name,))

    @classmethod
    def credential(cls, binding: Binding) -> model.Credential | None:
        existing = binding.existing_credential(ACCESS_KEY, SECRET_KEY)
        return existing or model.Credential(
            binding.secret,
            {ACCESS_KEY: Random.ACCESS_KEY, SECRET_KEY: Random.SECRET_KEY},
            (binding.consumer.namespace,),
            (binding.consumer.name,),
        )

    @property
    def url(self) -> str:
        return f"{self.offer.scheme}://{self.host}:{self.port}"

    @property
    def address(self) -> str:
        """Host and port, for clients that have a separate setting for TLS."""
        return f"{self.host}:{self.port}"

    @property
    def secure(self) -> bool:
        return self.offer.scheme == "https"

    @property
    def virtual(self) -> bool:
        """Whether the bucket is part of the host name, not of the path."""
        return self.offer.subdomains

    @property
    def path_style(self) -> str:
        """The same as a variable of clients that ask for path style."""
        return "false" if self.virtual else "true"

    @property
    def bucket(self) -> str:
        """The bucket of a claim that has only one: among several, none is meant by its position."""
        bucket: str
        (bucket,) = self.claim.buckets
        return bucket

    def uri(self, bucket: str) -> str:
        """The URI at which data in a bucket begins."""
        return f"s3://{bucket}"

    @property
    def root(self) -> str:
        return self.uri(self.bucket)

    @property
    def checksums(self) -> str:
        return self.offer.checksums

    @property
    def region(self) -> str:
        return self.offer.region

    def env(self) -> tuple[Env, ...]:
        return (
            Env(ACCESS_KEY, self.secret_key(ACCESS_KEY)),
            Env(SECRET_KEY, self.secret_key(SECRET_KEY)),
            Env("AWS_REGION", self.region),  # Go, Java, pyarrow
            Env("AWS_DEFAULT_REGION", self.region),  # boto3 reads only this one
            Env("AWS_ENDPOINT_URL_S3", self.url),
            Env("AWS_REQUEST_CHECKSUM_CALCULATION", self.checksums),
            Env("AWS_RESPONSE_CHECKSUM_VALIDATION", self.checksums),
            Env("AWS_CONFIG_FILE", CONFIG),
            Env("AWS_EC2_METADATA_DISABLED", "true"),  # no cloud to ask when a key is missing
            Env("S3_SIGNATURE_VERSION", "s3v4"),  # for older libraries; newer ones read the file
            *self._addressing(),
            *self.trust(),
        )

    def own_env(self) -> tuple[Env, ...]:
        """The bucket of a program that uses the store itself. SDKs have no variable for it."""
        consumer = self.binding.consumer
        is_program = consumer.section in ("workloads", "models")
        has_bucket = is_program and consumer.name in self.claim.buckets
        return (Env("S3_BUCKET", consumer.name),) if has_bucket else ()

    def _addressing(self) -> tuple[Env, ...]:
        """The addressing style for MLflow 3, which would not follow the configuration file."""
        return (Env("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "virtual"),) if self.virtual else ()

    def rclone(self, remote: str) -> tuple[Env, ...]:
        """The variables that make the store a remote of rclone (1.60 and 1.71)."""
        prefix = f"RCLONE_CONFIG_{remote}"
        return (
            Env(f"{prefix}_TYPE", "s3"),
            Env(f"{prefix}_PROVIDER", "Other"),
            Env(f"{prefix}_ENDPOINT", self.url),
            Env(f"{prefix}_REGION", self.region),
            Env(f"{prefix}_FORCE_PATH_STYLE", self.path_style),
            Env(f"{prefix}_ACCESS_KEY_ID", self.secret_key(ACCESS_KEY)),
            Env(f"{prefix}_SECRET_ACCESS_KEY", self.secret_key(SECRET_KEY)),
        )

    def rclone_trust(self) -> tuple[Env, ...]:
        return (Env("RCLONE_CA_CERT", self.authority),) if self.authority else ()

    def trust(self) -> tuple[Env, ...]:
        """The certificate bundle for AWS' own clients; other clients have other settings for it."""
        return (Env("AWS_CA_BUNDLE", self.authority),) if self.authority else ()

    def files(self) -> Mapping[str, str]:
        return {
            CONFIG: kube.render(__file__, "aws-config.j2", region=self.region, virtual=self.virtual)
        }


def buckets(bindings: Iterable[Binding]) -> list[str]:
    """All buckets that bindings claim, sorted."""
    return sorted({bucket for binding in bindings for bucket in binding.claim.buckets})


def room(
    bindings: Iterable[Binding], has: int, share: float, *, elsewhere: float = 0
) -> Iterator[model.Size]:
    """The size that a store needs to keep a tenth of its room free next to its known content.

    `has` is the amount that the spec sets, `share` is the part of it that objects can fill, and
    `elsewhere` are the bytes that they can fill in other places.
    """
    sizes = dict(pair for binding in bindings for pair in binding.claim.holds)
    if sizes:
        rest = max(0, sum(sizes.values()) - int(0.9 * elsewhere))
        needed = -(-rest // int(0.9 * share * GIB)) * GIB
        words = f"models of {quantity.rounded(sum(sizes.values()))}, and a tenth that stays free"
        yield model.volume(has, needed, words)


def policy(claim: Claim) -> str:
    """The policy of a claim's key, as an AWS policy document."""
    return document(statements(claim))


def document(statements: list[model.Manifest]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2) + "\n"


def statements(claim: Claim) -> list[model.Manifest]:
    """Permit reading or writing a claim's buckets, and no other bucket."""
    actions = ["s3:GetObject"]
    if not claim.read_only:
        actions += [
            "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts",
            "s3:PutObject",
        ]  # fmt: skip
    buckets = [f"arn:aws:s3:::{bucket}" for bucket in claim.buckets]
    return [
        {
            "Effect": "Allow",
            "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            "Resource": buckets,
        },
        {"Effect": "Allow", "Action": actions, "Resource": [f"{arn}/*" for arn in buckets]},
    ]
