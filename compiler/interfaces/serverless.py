"""Serverless serving: revisions that scale with their requests, to none where nobody asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from compiler import model
from compiler.model.spec import ModelSpec
from compiler.model.words import seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(model.Claim):
    """What a revision needs that is not allowed by default."""

    features: tuple[str, ...] = ()  # keys of config-features, without `kubernetes.`
    timeout: int = 0  # seconds that a request may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(model.Offer):
    """An installation of Knative Serving."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(model.Endpoint):
    """Where the controllers and the activator run."""

    interface: ClassVar[str] = "serverless"
    one_per_pod: ClassVar[bool] = True

    @classmethod
    def entailed_claim(cls, consumer: model.Instance[Any], theirs: model.Claim) -> Claim:
        """What the pods of a model ask, as its section of the spec says."""
        spec = consumer.spec
        if not isinstance(spec, ModelSpec):
            return Claim()
        wanted = {
            "podspec-nodeselector": spec.node_selector,
            "podspec-tolerations": spec.tolerations,
        }
        features = tuple(name for name, used in wanted.items() if used)
        return Claim(features=features, timeout=seconds(spec.timeout) if spec.timeout else 0)

    @property
    def namespace(self) -> str:
        return self.binding.provider.namespace
