"""The language of `models`: models that are served from files, from a registry, or from an image."""

from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from compiler.spec.access import Groups
from compiler.spec.component import (
    Resources,
)
from compiler.spec.constraints import InvalidValue
from compiler.spec.duration import seconds
from compiler.spec.model_requests import Batcher, Logger
from compiler.spec.model_uri import ModelUri, S3Uri
from compiler.spec.section import ListOf, Section
from compiler.spec.tenant import TenantSpec
from compiler.spec.transformer import Transformer
from compiler.spec.types import (
    Duration,
    Image,
    Name,
    Natural,
    Port,
    Positive,
    RegistryAlias,
    RegistryName,
    ServiceAccount,
    Storage,
    UrlPath,
)


class Canary(Section):
    """A share of the traffic for the newest revision of a model."""

    percent: int = Field(ge=1, le=99, description="Percent of the requests.")
    previous: S3Uri | None = Field(
        default=None,
        description="The URI of the previous version, for a serving system that does not keep it.",
    )


class Scaling(Section):
    """When Knative adds pods to a model."""

    metric: Literal["concurrency", "rps"] = Field(
        default="concurrency",
        description="What is counted: requests at once, or requests a second.",
    )
    # KServe 0.20, component.go: an int32.
    target: Positive = Field(description="How much of it one pod should have.")


# The same as `ModelSpec.check`, for editors.
_SERVER: tuple[str, ...] = ("command", "port", "protocol", "probe", "user")
# The longest request of a route: a duration of the Gateway API has numbers of up to five digits (1.6, shared_types.go).
_MOST_SECONDS = 99_999 * 3600
_NO_SERVER: JsonDict = dict.fromkeys(_SERVER, False)
_FILES = ("uri", "format", "runtime", "size", "model", "alias")
_SOURCES: JsonDict = {
    "if": {"required": ["image"]},
    "then": {"properties": dict.fromkeys(_FILES, False)},
    "else": {
        "if": {"required": ["model"]},
        "then": {"required": ["alias"], "properties": {"uri": False, **_NO_SERVER}},
        "else": {"required": ["format", "uri"], "properties": {"alias": False, **_NO_SERVER}},
    },
}


class ModelSpec(TenantSpec):
    """A served model, with a host name."""

    model_config = ConfigDict(json_schema_extra=_SOURCES)

    format: str = Field(
        default="",
        min_length=1,
        description="The model format, like `xgboost` or `sklearn`. Default for a model of the "
        "registry: the registry's own.",
    )
    uri: ModelUri = Field(
        default="",
        description="Where the model is stored: `s3://`, `pvc://claim/path`, `hf://org/model`, or "
        "`oci://` and an image that has it under `/models`.",
    )
    model: RegistryName | None = Field(
        default=None,
        description="Its name in the model registry, in place of `uri`: `platformc models "
        "lock` finds the version.",
    )
    alias: RegistryAlias | None = Field(
        default=None, description="The alias of the version, like `champion`."
    )
    image: Image | None = Field(
        default=None, description="An image with the server and the model, in place of `uri`."
    )
    command: ListOf[str] = Field(default=(), description="With `image`: its command, as a list.")
    port: Port | None = Field(
        default=None, description="With `image`: the port of its requests; default 8080."
    )
    protocol: Literal["v1", "v2", "openai"] | None = Field(
        default=None,
        description="With `image`: the protocol of its requests; callers get it as a variable.",
    )
    probe: UrlPath | None = Field(
        default=None,
        description="With `image`: the path that answers once it is ready; default: its port.",
    )
    user: Positive | None = Field(
        default=None, description="With `image`: the numeric user to run as; default 1000."
    )
    access: Literal["inside", "login", "token", "public"] | None = Field(
        default=None,
        description="Who may ask it. `inside`: only instances that use it, and it has no host; `login`: at "
        "its host, people with the login of `spec.login`; `token`: at its host, programs with a token of "
        "`spec.machines`; `public`: at its host, everybody. Default: `public`, with a warning.",
    )
    groups: Groups = Field(
        default=(),
        description="With `access: login`: groups that may ask it; default: `login.groups`.",
    )
    callers: ListOf[ServiceAccount] = Field(
        default=(), description="With `access: token`: ServiceAccounts that may ask it."
    )
    canary: Canary | None = Field(default=None, description="Traffic for the newest revision.")
    min_replicas: Natural | None = Field(default=None, description="0 lets it scale to zero.")
    max_replicas: Positive | None = Field(
        default=None, description="The maximum number of replicas."
    )
    # Knative Serving 1.21, pkg/queue/breaker.go: MaxBreakerCapacity.
    concurrency: Positive | None = Field(
        default=None, description="The most requests that one pod works on at once; more wait."
    )
    scaling: Scaling | None = Field(default=None, description="When pods are added.")
    size: Storage | None = Field(
        default=None,
        description="Size of the model's files, from which its memory, disk and time to start follow.",
    )
    resources: Resources = Field(default=Resources(), description="Compute of the predictor.")
    timeout: Duration | None = Field(
        default=None, description="How long a request may take, also at the gateway."
    )
    runtime: Name | None = Field(
        default=None, description="The serving runtime, if several can read the format."
    )
    uses: ListOf[str] = Field(
        default=(),
        description="Instances that its server connects to, and models that it calls; "
        "`platformc env NAME` prints the variables.",
    )
    logger: Logger | None = Field(
        default=None, description="Where copies of its requests and responses go."
    )
    transformer: Transformer | None = Field(
        default=None, description="A server of your own that requests pass first."
    )
    batcher: Batcher | None = Field(
        default=None, description="Requests that are collected into one."
    )

    @property
    def has_route(self) -> bool:
        """Whether the gateway gives it a host."""
        return self.access != "inside"

    @property
    def is_intercepted(self) -> bool:
        """Whether its pods have a container before the server, which requests pass."""
        return self.logger is not None or self.batcher is not None

    def check(self) -> None:
        self._check_access()
        self._check_patience()
        if self.image is not None:
            _without_files(self)
            return
        for key in _SERVER:
            if getattr(self, key):
                message = (
                    f"`{key}` belongs to a model with `image`: the server follows from the format"
                )
                raise InvalidValue("invalid-value", message, f"remove `{key}`", at=key)
        if self.model is None:
            _need(
                self,
                "uri",
                "add `uri:`, where it is stored; `model:` and `alias:` of the registry; or `image:`",
            )
            _need(self, "format", "add `format:`: the model format, like `xgboost` or `sklearn`")
            if self.alias:
                message = "an alias without the model that has it"
                raise InvalidValue(
                    "missing-key", message, "add `model:`, its name in the registry", at="alias"
                )
            return
        if self.uri:
            message = "a model is stored at `uri`, or is `model` of the registry, and not both"
            raise InvalidValue("invalid-value", message, "keep one of them", at="uri")
        _need(self, "alias", "add `alias:`, which names a version, like `alias: champion`")

    def _check_access(self) -> None:
        """Refuse keys about callers that `access` does not use."""
        for key, access in (("groups", "login"), ("callers", "token")):
            if getattr(self, key) and self.access != access:
                message = f"`{key}` means nothing without `access: {access}`"
                help = f"write `access: {access}`, or remove `{key}`"
                raise InvalidValue("invalid-value", message, help, at=key)
        if self.access == "token" and not self.callers:
            message = "a model that asks for a token needs `callers`"
            help = "add `callers:` with ServiceAccounts, like `callers: [analytics/scorer]`"
            raise InvalidValue("invalid-value", message, help, at="access")

    def _check_patience(self) -> None:
        """Refuse a request that no gateway can let take so long, and a batch that waits longer than a request may take."""
        if self.timeout is None:
            return
        if seconds(self.timeout) > _MOST_SECONDS:
            message = f"a request cannot be given {self.timeout}: no route has so long a timeout"
            help = f"write `{_MOST_SECONDS // 86400}d` or less, or leave it out"
            raise InvalidValue("out-of-range", message, help, at="timeout")
        if self.batcher is None:
            return
        if self.batcher.milliseconds >= seconds(self.timeout) * 1000:
            message = (
                f"a request may wait {self.batcher.max_latency} for its batch, and ends after "
                f"{self.timeout}"
            )
            help = "write a shorter `maxLatency`, or a longer `timeout`"
            raise InvalidValue("invalid-value", message, help, at="batcher")

    @property
    def own_port(self) -> int:
        """The port of requests to an image."""
        return self.port or 8080


def _without_files(spec: ModelSpec) -> None:
    """Raise InvalidValue for an image together with keys of a model of files."""
    for key in _FILES:
        if getattr(spec, key):
            message = f"`image` brings the model with its server, and `{key}` is of another"
            help = (
                f"remove `{key}`; or remove `image`, and put it into a runtime that `runtime` names"
            )
            raise InvalidValue("invalid-value", message, help, at="image")


def _need(spec: ModelSpec, key: str, help: str) -> None:
    """Raise InvalidValue if a model lacks a key that it needs."""
    if not getattr(spec, key):
        raise InvalidValue("missing-key", f"a model needs `{key}`", help)
