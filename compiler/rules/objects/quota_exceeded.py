"""More than a namespace's quota admits: the API server refuses the pods that come last.

Requests are added up as the scheduler does (the larger of the containers' sum and the largest init
container), times the replicas; a CronJob counts as one run. Pods that an operator makes of a custom
resource are counted by the requests in it, times the replicas around them: a model's are its fewest,
and one at least. What the operator adds by itself, such as a sidecar, is not counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

from compiler.diagnostics import Report
from compiler.model import Lowered, Manifest, Path, Platform, pod_template
from compiler.spec import quantity

_REPLICAS = ("replicas", "minReplicas", "instances")  # Seldon, KServe, CloudNativePG


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    for namespace, quota in platform.settings.cluster.quotas.items():
        for key, most in quota.written().items():
            name = "ephemeral-storage" if key == "ephemeralStorage" else key
            terms = list(requests(lowered, namespace, name))
            total = sum((amount for _, amount in terms), Fraction(0))
            if total > quantity.amount(most):
                path: Path = ("spec", "cluster", "quotas", namespace, key)
                shown = " + ".join(f"{_written(a, name)} of `{who}`" for who, a in terms)
                report.add(
                    "quota-exceeded",
                    f"`{namespace}` admits requests of {most} {name}, and its pods request "
                    f"{_written(total, name)}: {shown}",
                    platform.document.value_span(path),
                    path=path,
                    help="raise the quota, or lower `resources.requests` or replicas",
                )


def requests(lowered: Lowered, namespace: str, name: str) -> Iterator[tuple[str, Fraction]]:
    """What each package's pods in a namespace request together."""
    amounts: dict[str, Fraction] = defaultdict(Fraction)
    for package in lowered.everything:
        for resource in package.resources:
            if resource.namespace == namespace:
                amounts[package.name] += _of_object(resource.manifest, name)
    yield from ((who, amount) for who, amount in sorted(amounts.items()) if amount)


def _of_object(manifest: Manifest, name: str) -> Fraction:
    template = pod_template(manifest)
    if template is not None:
        return int(manifest["spec"].get("replicas", 1)) * _of_pod(template, name)
    return _of_custom(manifest.get("spec"), name) if "." in manifest["apiVersion"] else Fraction(0)


def _of_custom(value: object, name: str) -> Fraction:
    """The requests anywhere in a custom resource, each times the replicas around it."""
    if isinstance(value, list):
        return sum((_of_custom(one, name) for one in value), Fraction(0))
    if not isinstance(value, dict):
        return Fraction(0)
    asked = value.get("resources", {}).get("requests", {}) if _has_requests(value) else {}
    own = quantity.amount(str(asked.get(name, "0")))
    below = sum((_of_custom(one, name) for key, one in value.items() if key != "resources"), own)
    times = next((value[key] for key in _REPLICAS if isinstance(value.get(key), int)), 1)
    return max(1, times) * below


def _has_requests(value: Manifest) -> bool:
    resources = value.get("resources")
    return isinstance(resources, dict) and isinstance(resources.get("requests"), dict)


def _of_pod(template: Manifest, name: str) -> Fraction:
    def asked(container: Manifest) -> Fraction:
        requests = container.get("resources", {}).get("requests", {})
        return quantity.amount(str(requests.get(name, "0")))

    spec = template["spec"]
    together = sum((asked(one) for one in spec["containers"]), Fraction(0))
    return max([together, *(asked(one) for one in spec.get("initContainers", ()))])


def _written(amount: Fraction, name: str) -> str:
    if name == "cpu":
        return quantity.canonical(f"{float(amount):.3f}")
    return quantity.binary(int(amount))
