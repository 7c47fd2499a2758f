"""The language: models that are served, of files, of a registry, or from an image."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from compiler.spec.component import (
    Resources,
)
from compiler.spec.constraints import InvalidValue
from compiler.spec.door import Groups
from compiler.spec.section import ListOf, Section
from compiler.spec.tenant import TenantSpec
from compiler.spec.types import (
    Duration,
    Image,
    Memory,
    ModelUri,
    Name,
    Port,
    RegistryName,
    S3Uri,
    ServiceAccount,
    UrlPath,
)


class Canary(Section):
    """A share of the traffic for the newest revision of a model."""

    percent: Annotated[int, Field(ge=1, le=99, description="Percent of the requests.")]
    previous: Annotated[
        S3Uri | None,
        Field(
            description="Where the previous version is stored, for a serving system that does not keep it."
        ),
    ] = None


class Scaling(Section):
    """When Knative adds pods to a model."""

    metric: Annotated[
        Literal["concurrency", "rps"],
        Field(description="What is counted: requests at once, or requests a second."),
    ] = "concurrency"
    target: Annotated[int, Field(ge=1, description="How much of it one pod should have.")]


# The same as `ModelSpec.check`, for editors.
_SERVER: tuple[str, ...] = ("command", "port", "protocol", "probe", "user")
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

    format: Annotated[
        str,
        Field(
            min_length=1,
            description="The model format, like `xgboost` or `sklearn`. Default for a model of the "
            "registry: the registry's own.",
        ),
    ] = ""
    uri: Annotated[
        ModelUri,
        Field(
            description="Where the model is stored: `s3://`, `pvc://claim/path`, `hf://org/model`, or "
            "`oci://` and an image that has it under `/models`."
        ),
    ] = ""
    model: Annotated[
        RegistryName | None,
        Field(
            description="Its name in the model registry, in place of `uri`: `platformc models "
            "lock` finds the version."
        ),
    ] = None
    alias: Annotated[
        RegistryName | None, Field(description="The alias of the version, like `champion`.")
    ] = None
    image: Annotated[
        Image | None,
        Field(description="An image with the server and the model, in place of `uri`."),
    ] = None
    command: Annotated[ListOf[str], Field(description="With `image`: its command, as a list.")] = ()
    port: Annotated[
        Port | None, Field(description="With `image`: the port of its requests; default 8080.")
    ] = None
    protocol: Annotated[
        Literal["v1", "v2", "openai"] | None,
        Field(description="With `image`: the protocol of its requests, which callers are told."),
    ] = None
    probe: Annotated[
        UrlPath | None,
        Field(
            description="With `image`: the path that answers once it is ready; default: its port."
        ),
    ] = None
    user: Annotated[
        Annotated[int, Field(ge=1, le=2**31 - 1)] | None,
        Field(description="With `image`: the numeric user to run as; default 1000."),
    ] = None
    access: Annotated[
        Literal["inside", "login", "token", "public"] | None,
        Field(
            description="`inside`: only instances that use it reach it. With the others the gateway "
            "gives it a host, which asks for the login of `spec.login`, for a token of `spec.machines`, "
            "or, `public`, nobody; default: `public`, with a warning."
        ),
    ] = None
    groups: Annotated[
        Groups,
        Field(description="With `access: login`: groups that may ask it; default: `login.groups`."),
    ] = ()
    callers: Annotated[
        ListOf[ServiceAccount],
        Field(description="With `access: token`: ServiceAccounts that may ask it."),
    ] = ()
    canary: Annotated[Canary | None, Field(description="Traffic for the newest revision.")] = None
    min_replicas: Annotated[
        Annotated[int, Field(ge=0)] | None, Field(description="0 lets it scale to zero.")
    ] = None
    max_replicas: Annotated[
        Annotated[int, Field(ge=1)] | None, Field(description="The maximum number of replicas.")
    ] = None
    concurrency: Annotated[
        Annotated[int, Field(ge=1)] | None,
        Field(description="The most requests that one pod works on at once; more wait."),
    ] = None
    scaling: Annotated[Scaling | None, Field(description="When pods are added.")] = None
    size: Annotated[Memory | None, Field(description="Size of the model's files.")] = None
    resources: Annotated[Resources, Field(description="Compute of the predictor.")] = Resources()
    timeout: Annotated[Duration | None, Field(description="How long a request may take.")] = None
    runtime: Annotated[
        Name | None, Field(description="The serving runtime, if several can read the format.")
    ] = None
    uses: Annotated[ListOf[str], Field(description="Instances that it connects to.")] = ()

    @property
    def has_route(self) -> bool:
        """Whether the gateway gives it a host."""
        return self.access != "inside"

    def check(self) -> None:
        self._check_access()
        if self.image is not None:
            _alone(self)
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
        for key, access in (("groups", "login"), ("callers", "token")):
            if getattr(self, key) and self.access != access:
                message = f"`{key}` means nothing without `access: {access}`"
                help = f"write `access: {access}`, or remove `{key}`"
                raise InvalidValue("invalid-value", message, help, at=key)
        if self.access == "token" and not self.callers:
            message = "a model that asks for a token needs `callers`"
            help = "add `callers:` with ServiceAccounts, like `callers: [analytics/scorer]`"
            raise InvalidValue("invalid-value", message, help, at="access")

    @property
    def own_port(self) -> int:
        """The port of requests to an image."""
        return self.port or 8080


def _alone(spec: ModelSpec) -> None:
    """Raise InvalidValue for an image that is to serve files from elsewhere."""
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
