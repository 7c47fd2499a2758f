"""Serverless serving: revisions that scale with their requests, down to zero."""

from __future__ import annotations

from typing import Any, ClassVar

from compiler import model
from compiler.interfaces import pod_features
from compiler.model import Hop
from compiler.spec.duration import seconds
from compiler.spec.served_model import ModelSpec

KINDS = "Knative Serving"  # the part of a system that brings the kinds of routes and revisions


class Claim(model.Claim, frozen=True, kw_only=True):
    """Features of a revision that Knative does not allow by default."""

    features: tuple[str, ...] = ()  # keys of config-features, without `kubernetes.`
    timeout: int = 0  # seconds that a request may take
    concurrency: int = 0  # requests that a pod works on at once


class Offer(model.Offer, frozen=True, kw_only=True):
    """An installation of Knative Serving."""

    injected: tuple[model.Injected, ...] = ()  # containers that it adds to each pod


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The namespace of the controllers and the activator."""

    interface: ClassVar[str] = "serverless"
    for_clients: ClassVar[bool] = False
    one_per_pod: ClassVar[bool] = True

    @classmethod
    def entailed_claim(cls, consumer: model.Instance[Any], provider_claim: model.Claim) -> Claim:
        """The features that a model's section of the spec needs."""
        spec = consumer.spec
        if not isinstance(spec, ModelSpec):
            return Claim()
        settings = {
            "podspec-affinity": spec.node_affinity,
            "podspec-nodeselector": spec.node_selector,
            "podspec-persistent-volume-claim": spec.uri.startswith("pvc://"),
            "podspec-priorityclassname": spec.priority_class,
            "podspec-tolerations": spec.tolerations,
        }
        features = {name for name, used in settings.items() if used}
        if spec.patches:
            features |= pod_features.of_patches(spec.patches)
        return Claim(
            features=tuple(sorted(features)),
            timeout=seconds(spec.timeout) if spec.timeout else 0,
            concurrency=spec.concurrency or 0,
        )

    @property
    def activator(self) -> Hop:
        """It takes requests for a revision that has no pods or too few (HTTP/1 and HTTP/2)."""
        return Hop(self.namespace, {"app": "activator"}, (8012, 8013))

    @property
    def namespace(self) -> str:
        return self.binding.provider.namespace
