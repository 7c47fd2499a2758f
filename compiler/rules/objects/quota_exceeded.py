"""Pods that request more than the quota of their namespace: the API server refuses the last ones.

The requests of a pod are added as the scheduler does (the larger of the containers' sum and the
largest init container), times the replicas, or times the pods that a Job runs at once; a CronJob counts
as one run. Pods that an operator creates for a custom resource count by the requests in it, times the
replicas of the enclosing field: for a model its minimum, and at least one. Additions of the operator,
such as a sidecar, are not counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from functools import partial

from compiler.diagnostics import Report
from compiler.diagnostics.words import addition
from compiler.model import Lowered, Manifest, Path, Platform, Resource, pod_template
from compiler.spec import quantity

Owned = tuple[str, Resource]  # the name of a package, and one of its objects


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    quotas = platform.settings.cluster.quotas
    objects = _objects(lowered, quotas.keys()) if quotas else {}
    for namespace, quota in quotas.items():
        for key, limit in quota.written().items():
            name = "ephemeral-storage" if key == "ephemeralStorage" else key
            terms = _requests(objects.get(namespace, ()), name)
            total = sum((amount for amount, _ in terms), Fraction(0))
            if total > quantity.amount(limit):
                path: Path = ("spec", "cluster", "quotas", namespace, key)
                terms_text = addition(terms, partial(_written, name=name))
                report.add(
                    "quota-exceeded",
                    f"`{namespace}` admits requests of {limit} {name}, and its pods request "
                    f"{_written(total, name)}: {terms_text}",
                    platform.document.value_span(path),
                    path=path,
                    help="raise the quota, or lower `resources.requests`, replicas or `parallelism`",
                )


def _objects(lowered: Lowered, namespaces: Collection[str]) -> Mapping[str, list[Owned]]:
    """The objects in each of some namespaces, with the names of their packages."""
    objects: dict[str, list[Owned]] = defaultdict(list)
    for package in lowered.all_packages:
        for resource in package.resources:
            if resource.namespace in namespaces:
                objects[resource.namespace].append((package.name, resource))
    return objects


def _requests(objects: Iterable[Owned], name: str) -> list[tuple[Fraction, str]]:
    """The sum of requests of each package's pods among some objects."""
    amounts: dict[str, Fraction] = defaultdict(Fraction)
    for package, resource in objects:
        amounts[package] += _of_object(resource, name)
    return [(amount, f"`{package}`") for package, amount in sorted(amounts.items()) if amount]


def _of_object(resource: Resource, name: str) -> Fraction:
    manifest, custom = resource.manifest, resource.custom
    template = pod_template(manifest)
    if template is not None:
        return _pods_at_once(manifest) * _of_pod(template, name)
    return _of_custom(manifest.get("spec"), name, custom.replicas) if custom else Fraction(0)


def _pods_at_once(manifest: Manifest) -> int:
    """How many pods of an object run at the same time."""
    spec = manifest["spec"]
    if manifest["kind"] not in ("Job", "CronJob"):
        return int(spec.get("replicas", 1))
    job = spec["jobTemplate"]["spec"] if manifest["kind"] == "CronJob" else spec
    parallel = int(job.get("parallelism", 1))
    return min(parallel, int(job.get("completions", parallel)))


def _of_custom(value: object, name: str, count: str) -> Fraction:
    """The requests anywhere in a custom resource, each times the number under the key `count` of
    the enclosing field.
    """
    if isinstance(value, list):
        return sum((_of_custom(item, name, count) for item in value), Fraction(0))
    if not isinstance(value, dict):
        return Fraction(0)
    requests = value.get("resources", {}).get("requests", {}) if _has_requests(value) else {}
    direct = _number(requests, name)
    init = value.get("initContainers")
    before = [_of_custom(step, name, count) for step in init] if isinstance(init, list) else []
    items = (item for key, item in value.items() if key not in ("resources", "initContainers"))
    total = max(
        sum((_of_custom(item, name, count) for item in items), direct), *before, Fraction(0)
    )
    replicas = value.get(count)
    return max(1, replicas if isinstance(replicas, int) else 1) * total


def _has_requests(value: Manifest) -> bool:
    resources = value.get("resources")
    return isinstance(resources, dict) and isinstance(resources.get("requests"), dict)


def _of_pod(template: Manifest, name: str) -> Fraction:
    def requested(container: Manifest) -> Fraction:
        return _number(container.get("resources", {}).get("requests", {}), name)

    spec = template["spec"]
    together = sum((requested(container) for container in spec["containers"]), Fraction(0))
    return max([together, *(requested(container) for container in spec.get("initContainers", ()))])


def _number(requests: Manifest, name: str) -> Fraction:
    """The amount of one request. A text that is no amount, or a negative one, never becomes a pod."""
    try:
        return max(Fraction(0), quantity.of_object(str(requests.get(name, "0"))))
    except ValueError:
        return Fraction(0)


def _written(amount: Fraction, name: str) -> str:
    if name == "cpu":
        return quantity.canonical(f"{float(amount):.3f}")
    return quantity.binary(int(amount))
