"""The language of a model's requests: copies of them, and batches, before the server answers."""

from typing import Annotated, Literal

from pydantic import Field

from compiler.spec.constraints import InvalidValue, Pattern
from compiler.spec.section import ListOf, Section
from compiler.spec.types import MOST_INT64, UrlPath

HeaderName = Annotated[
    str,
    Pattern(
        r"[A-Za-z0-9_-]+", "invalid-name", "the name of a header",
        "use letters, digits, `-` and `_`", example="X-Request-Id",
    ),
]  # fmt: skip
Latency = Annotated[
    str,
    Pattern(r"[1-9][0-9]{0,5}(ms|s)", "invalid-duration", "a latency", "write it like `50ms` or `2s`"),
]  # fmt: skip
# Headers that prove the identity of the caller.
_CREDENTIALS = ("authorization", "cookie", "proxy-authorization", "x-api-key")


class Logger(Section):
    """Copies of a model's requests and responses, as CloudEvents."""

    sink: str = Field(
        min_length=1,
        description="The instance that gets the copies: an `external-service`, or a model.",
    )
    path: UrlPath | None = Field(
        default=None, description="The path at the sink that accepts copies; default: its root."
    )
    mode: Literal["all", "request", "response"] = Field(
        default="all", description="Whether requests, responses or both are copied."
    )
    metadata_headers: ListOf[HeaderName] = Field(
        default=(), description="Headers of the request that are copied with it, by their names."
    )

    def check(self) -> None:
        for header in self.metadata_headers:
            if header.lower() in _CREDENTIALS:
                message = f"`{header}` proves who the caller is, and would stand in the copies"
                raise InvalidValue(
                    "invalid-value", message, f"remove `{header}`", at="metadataHeaders"
                )


class Batcher(Section):
    """How requests are collected into batches."""

    max_batch_size: int = Field(
        default=32, ge=1, le=MOST_INT64, description="The most instances in a batch."
    )
    max_latency: Latency = Field(
        default="5s", description="How long the first request of a batch waits, like `50ms`."
    )

    @property
    def milliseconds(self) -> int:
        """The time that the first request of a batch waits."""
        latency = self.max_latency
        return int(latency[:-2]) if latency.endswith("ms") else int(latency[:-1]) * 1000
