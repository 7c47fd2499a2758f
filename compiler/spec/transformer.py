"""The language of `transformer`: the user's server that requests to a model pass first."""

from pydantic import Field

from compiler.spec.component import Resources, SecretKey
from compiler.spec.constraints import InvalidValue
from compiler.spec.section import Forms, ListOf, Section
from compiler.spec.types import EnvName, Image, Natural, Positive, UrlPath


class Transformer(Section):
    """A program that changes requests before the model sees them, and its answers after."""

    image: Image = Field(description="Its image, which listens on port 8080.")
    command: ListOf[str] = Field(default=(), description="The command, as a list.")
    args: ListOf[str] = Field(
        default=(),
        description="Its arguments; the model's name and its server's address are added.",
    )
    env: dict[EnvName, Forms[str, SecretKey]] = Field(
        default={}, description="Variables of your own: text, or `{secret: ..., key: ...}`."
    )
    uses: ListOf[str] = Field(
        default=(), description="Instances that it connects to, such as a store of features."
    )
    resources: Resources = Field(default=Resources(), description="Compute of its container.")
    min_replicas: Natural | None = Field(
        default=None, description="0 lets it scale to zero; default: as the predictor, at most 1."
    )
    max_replicas: Positive | None = Field(
        default=None, description="The maximum number of replicas."
    )
    probe: UrlPath | None = Field(
        default=None, description="The path that answers once it is ready; default: its port."
    )
    user: Positive = Field(default=1000, description="The numeric user to run as.")

    def check(self) -> None:
        if self.max_replicas is not None and (self.min_replicas or 0) > self.max_replicas:
            message = f"{self.min_replicas} replicas at least, and {self.max_replicas} at most"
            raise InvalidValue(
                "invalid-value", message, "write a `maxReplicas` that is not smaller",
                at="maxReplicas",
            )  # fmt: skip
