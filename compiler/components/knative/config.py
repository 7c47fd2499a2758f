"""The contents of Knative's ConfigMaps, as the platform and its models require them.

Facts are of Knative 1.21.1 (knative.dev/serving 0.48): since 1.19 a component has no metrics unless they are
configured.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from compiler import model
from compiler.components.knative import net_istio
from compiler.interfaces import gateway, serverless
from compiler.spec import image
from compiler.spec.constraints import InvalidValue
from compiler.spec.duration import seconds
from compiler.spec.types import Duration, Positive

# The longest request, and the most requests at once in a pod, unless config-defaults allows more.
MOST_SECONDS, MOST_REQUESTS = 600, 1000
# Upstream's own registries-skipping-tag-resolving.
SKIPPED = ("kind.local", "ko.local", "dev.local")


class Autoscaler(model.Section):
    """Settings of the autoscaler that replace upstream's defaults."""

    scale_to_zero_grace: Duration | None = Field(
        default=None, description="Default of Knative: 30s."
    )
    stable_window: Duration | None = Field(
        default=None, description="From `6s` to `1h`; default of Knative: 60s."
    )
    target_concurrency: Positive | None = Field(default=None, description="Requests for each pod.")

    def check(self) -> None:
        """Refuse a window that Knative's webhook refuses (pkg/autoscaler/config/config.go)."""
        if self.stable_window is not None and not 6 <= seconds(self.stable_window) <= 3600:
            message = (
                f"the autoscaler counts requests over 6s to 1h, and not over {self.stable_window}"
            )
            help = "write a time between `6s` and `1h`, like `60s`"
            raise InvalidValue("out-of-range", message, help, at="stableWindow")


def contents(
    me: model.Instance[Any], claims: Sequence[serverless.Claim], entrance: gateway.Endpoint
) -> Mapping[str, dict[str, str]]:
    """The required contents of each ConfigMap `config-<suffix>`; all values are text."""
    features = {f"kubernetes.{name}" for claim in claims for name in claim.features}
    by_suffix = {
        "autoscaler": _autoscaler(me.spec.autoscaler),
        "defaults": _defaults(longest_request(claims), _most_requests(claims)),
        "deployment": _deployment(me),
        # Without a domain, routes stay inside the cluster.
        "domain": {me.settings.domain: ""},
        # Pods of models run in `restricted` namespaces.
        "features": {
            **dict.fromkeys(sorted(features), "enabled"),
            "secure-pod-defaults": "enabled",
        },
        "istio": net_istio.config(me, entrance),
        "observability": {
            "metrics-protocol": "prometheus",
            "request-metrics-protocol": "prometheus",
        },
    }
    return {suffix: data for suffix, data in by_suffix.items() if data}


def longest_request(claims: Sequence[serverless.Claim]) -> int:
    """The longest timeout of all models, in seconds."""
    return max((claim.timeout for claim in claims), default=0)


def _most_requests(claims: Sequence[serverless.Claim]) -> int:
    """The largest `concurrency` of all models."""
    return max((claim.concurrency for claim in claims), default=0)


def _autoscaler(settings: Autoscaler) -> dict[str, str]:
    target, grace = settings.target_concurrency, settings.scale_to_zero_grace
    values = {
        "container-concurrency-target-default": str(target) if target else None,
        "scale-to-zero-grace-period": _in_hours(grace) if grace else None,
        "stable-window": settings.stable_window,
    }
    return {key: text for key, text in values.items() if text is not None}


def _in_hours(duration: str) -> str:
    """A duration as Go reads it: Go has no days (time.ParseDuration)."""
    return f"{seconds(duration) // 3600}h" if duration.endswith("d") else duration


def _defaults(longest: int, most: int) -> dict[str, str]:
    """The limits of upstream that a model exceeds: its webhook refuses such a revision."""
    limits = {
        "container-concurrency-max-limit": (most, MOST_REQUESTS),
        "max-revision-timeout-seconds": (longest, MOST_SECONDS),
    }
    return {key: str(needed) for key, (needed, limit) in limits.items() if needed > limit}


def _deployment(me: model.Instance[Any]) -> dict[str, str]:
    """The registries whose tags the controller must not resolve: it has no pull Secrets for mirrors."""
    registries = [*me.spec.registries, *image.registries(me.settings.registry.mirrors)]
    if not registries:
        return {}
    return {"registries-skipping-tag-resolving": ",".join([*SKIPPED, *sorted(set(registries))])}
