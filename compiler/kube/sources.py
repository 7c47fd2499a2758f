"""Where a pod's values come from, and how its probes ask: one source each, and by its name.

What is refused was asked of a kube-apiserver 1.36 (`kubectl apply --server-side --dry-run=server`), for
the schemas leave all of it open: a volume may have no type there, and a reference no name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from compiler.kube.rejection import Rejection
from compiler.model.resource import Manifest
from compiler.spec import quantity

Named = Mapping[str, str]  # a reference, and the key that names what it is to
_VOLUME = {"configMap": "name", "secret": "secretName"}
_PROJECTED = {"configMap": "name", "secret": "name"}
_VARIABLE = {"configMapKeyRef": "name", "secretKeyRef": "name"}
_VARIABLES = {"configMapRef": "name", "secretRef": "name"}
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HANDLERS = {"exec", "grpc", "httpGet", "tcpSocket"}


def of_volume(volume: Manifest, at: str) -> Iterator[Rejection]:
    """One type at most (none is an `emptyDir`), and whose files it holds."""
    types = volume.keys() - {"name"}
    if len(types) > 1:
        yield _several(at, types)
    yield from _unnamed(volume, at, _VOLUME)
    for index, source in enumerate(volume.get("projected", {}).get("sources", ())):
        yield from _unnamed(source, f"{at}/projected/sources/{index}", _PROJECTED)


def of_container(container: Manifest, at: str) -> Iterator[Rejection]:
    """Its variables, its probes, and that it asks for no more than it may have."""
    for index, one in enumerate(container.get("env", ())):
        if "valueFrom" in one:
            yield from _sole(one["valueFrom"], f"{at}/env/{index}/valueFrom", _VARIABLE)
            if one.get("value"):
                yield _several(f"{at}/env/{index}", {"value", "valueFrom"})
    for index, one in enumerate(container.get("envFrom", ())):
        source = {key: value for key, value in one.items() if key != "prefix"}
        yield from _sole(source, f"{at}/envFrom/{index}", _VARIABLES)
    for probe in _PROBES:
        if probe in container:
            handlers = {key: container[probe][key] for key in _HANDLERS & container[probe].keys()}
            yield from _sole(handlers, f"{at}/{probe}", {})
    yield from _over(container.get("resources", {}), f"{at}/resources/requests")


def _over(resources: Manifest, at: str) -> Iterator[Rejection]:
    limits = resources.get("limits", {})
    for what, asked in sorted(resources.get("requests", {}).items()):
        try:
            over = what in limits and _amount(asked) > _amount(limits[what])
        except ValueError as error:
            yield Rejection(f"{at}/{what}", str(error), "write it like `500m` or `2Gi`")
        else:
            if over:
                problem = f"`requests.{what}` is {asked}, more than the limit of {limits[what]}"
                yield Rejection(f"{at}/{what}", problem, "raise the limit with it")


def _amount(written: Any) -> Fraction:
    return quantity.amount(str(written))


def _sole(holder: Manifest, at: str, named: Named) -> Iterator[Rejection]:
    if len(holder) > 1:
        yield _several(at, holder.keys())
    elif not holder:
        yield Rejection(at, f"`{at}` says nothing", "take it away with `op: remove`")
    yield from _unnamed(holder, at, named)


def _several(at: str, keys: Any) -> Rejection:
    what = " and ".join(f"`{key}`" for key in sorted(keys))
    return Rejection(at, f"`{at}` has {what}, and may have but one", "remove the other")


def _unnamed(holder: Manifest, at: str, named: Named) -> Iterator[Rejection]:
    for reference, key in named.items():
        if reference in holder and not holder[reference].get(key):
            place = f"{at}/{reference}/{key}"
            yield Rejection(place, f"`{place}` is gone", "name what is meant")
