"""Inference: a served model that programs of the platform call.

How a request reaches a model depends on the system that serves it, so that system makes the offer.
"""

from __future__ import annotations

from typing import ClassVar

from compiler import model
from compiler.model import Env


class Claim(model.Claim, frozen=True, kw_only=True):
    """Requests to one model."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """A model behind an address inside the cluster."""

    protocol: str = ""  # the protocol of its requests: v1, v2, or an API's name; empty if unknown


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """Where a model answers. A pod may call several, so each variable bears the model's name."""

    interface: ClassVar[str] = "inference"

    @property
    def url(self) -> str:
        port = "" if self.port == 80 else f":{self.port}"
        return f"http://{self.host}{port}"

    def env(self) -> tuple[Env, ...]:
        prefix = self.binding.provider.name.upper().replace("-", "_")
        variables = {f"{prefix}_URL": self.url, f"{prefix}_PROTOCOL": self.offer.protocol}
        return tuple(Env(name, value) for name, value in variables.items() if value)


INFERENCE = model.Provides("inference", Endpoint)
TRANSFORMER = "transformer"  # the role of the pods that requests pass before a model's server
# The way from a model's transformer to its server, in the same model.
PREDICTOR = model.Provides("predictor", Endpoint)
SERVER = model.Requires("predictor", Endpoint, TRANSFORMER)
