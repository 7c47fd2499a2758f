"""More than a namespace's quota admits: the API server refuses the pods that come last.

Requests are added up as the scheduler does (the larger of the containers' sum and the largest init
container), times the replicas; a CronJob counts as one run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

from compiler.diagnostics import Report
from compiler.model import Lowered, Manifest, Path, Platform, pod_template, quantity


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    for namespace, quota in platform.settings.cluster.quotas.items():
        for key, most in quota.model_dump(by_alias=True, exclude_none=True).items():
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
    for package in lowered.packages.values():
        for resource in package.resources:
            template = pod_template(resource.manifest)
            if template is not None and resource.namespace == namespace:
                replicas = int(resource.manifest["spec"].get("replicas", 1))
                amounts[package.name] += replicas * _of_pod(template, name)
    yield from ((who, amount) for who, amount in sorted(amounts.items()) if amount)


def _of_pod(template: Manifest, name: str) -> Fraction:
    def asked(container: Manifest) -> Fraction:
        return quantity.amount(container["resources"]["requests"].get(name, "0"))

    spec = template["spec"]
    together = sum((asked(one) for one in spec["containers"]), Fraction(0))
    return max([together, *(asked(one) for one in spec.get("initContainers", ()))])


def _written(amount: Fraction, name: str) -> str:
    if name == "cpu":
        return quantity.canonical(f"{float(amount):.3f}")
    return quantity.binary(int(amount))
