"""Serverless serving: revisions that scale with their requests, to none where nobody asks."""

from __future__ import annotations

from typing import Any, ClassVar

from compiler import model
from compiler.spec.duration import seconds
from compiler.spec.tenant import ModelSpec


class Claim(model.Claim, frozen=True, kw_only=True):
    """What a revision needs that is not allowed by default."""

    features: tuple[str, ...] = ()  # keys of config-features, without `kubernetes.`
    timeout: int = 0  # seconds that a request may take


class Offer(model.Offer, frozen=True, kw_only=True):
    """An installation of Knative Serving."""


class Endpoint(model.Endpoint, frozen=True, kw_only=True):
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
