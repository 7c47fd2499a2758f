"""Check that each volume, variable and probe of a pod has exactly one source with a name.

The schemas allow a volume without a type and a reference without a name; a kube-apiserver 1.36
refuses them (`kubectl apply --server-side --dry-run=server`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from compiler.kube.rejection import Rejection
from compiler.model.manifest import Manifest
from compiler.spec import quantity

Named = Mapping[str, str]  # the field of a reference, and its key that holds the name of the object
_VOLUME = {"configMap": "name", "secret": "secretName"}
_PROJECTED = {"configMap": "name", "secret": "name"}
_VARIABLE = {"configMapKeyRef": "name", "secretKeyRef": "name"}
_VARIABLES = {"configMapRef": "name", "secretRef": "name"}
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HANDLERS = {"exec", "grpc", "httpGet", "tcpSocket"}


def of_volume(volume: Manifest, at: str) -> Iterator[Rejection]:
    """A volume has one type at most (without one it is an `emptyDir`), and its source has a name."""
    types = volume.keys() - {"name"}
    if len(types) > 1:
        yield _several(at, types)
    yield from _unnamed(volume, at, _VOLUME)
    for index, source in enumerate(volume.get("projected", {}).get("sources", ())):
        yield from _unnamed(source, f"{at}/projected/sources/{index}", _PROJECTED)


def of_container(container: Manifest, at: str) -> Iterator[Rejection]:
    """Check a container's variables and probes, and that no request exceeds its limit."""
    for index, variable in enumerate(container.get("env", ())):
        if "valueFrom" in variable:
            yield from _sole(variable["valueFrom"], f"{at}/env/{index}/valueFrom", _VARIABLE)
            if variable.get("value"):
                yield _several(f"{at}/env/{index}", {"value", "valueFrom"})
    for index, group in enumerate(container.get("envFrom", ())):
        source = {key: value for key, value in group.items() if key != "prefix"}
        yield from _sole(source, f"{at}/envFrom/{index}", _VARIABLES)
    for probe in _PROBES:
        if probe in container:
            handlers = {key: container[probe][key] for key in _HANDLERS & container[probe].keys()}
            yield from _sole(handlers, f"{at}/{probe}", {})
    yield from _of_resources(container.get("resources", {}), f"{at}/resources")


def _of_resources(resources: Manifest, at: str) -> Iterator[Rejection]:
    """Amounts that are no quantities, and requests above their limits."""
    amounts: dict[str, dict[str, Fraction]] = {"requests": {}, "limits": {}}
    for key, numbers in amounts.items():
        for name, written in sorted(resources.get(key, {}).items()):
            try:
                numbers[name] = quantity.of_object(str(written))
            except ValueError as error:
                yield Rejection(f"{at}/{key}/{name}", str(error), "write it like `500m` or `2Gi`")
    for name, amount in amounts["requests"].items():
        if amount > amounts["limits"].get(name, amount):
            request, limit = resources["requests"][name], resources["limits"][name]
            problem = f"`requests.{name}` is {request}, more than the limit of {limit}"
            yield Rejection(f"{at}/requests/{name}", problem, "raise the limit with it")


def _sole(holder: Manifest, at: str, named: Named) -> Iterator[Rejection]:
    if len(holder) > 1:
        yield _several(at, holder.keys())
    elif not holder:
        yield Rejection(at, f"`{at}` says nothing", "take it away with `op: remove`")
    yield from _unnamed(holder, at, named)


def _several(at: str, keys: Any) -> Rejection:
    sources = " and ".join(f"`{key}`" for key in sorted(keys))
    return Rejection(at, f"`{at}` has {sources}, and may have but one", "remove the other")


def _unnamed(holder: Manifest, at: str, named: Named) -> Iterator[Rejection]:
    for reference, key in named.items():
        if reference in holder and not holder[reference].get(key):
            name_at = f"{at}/{reference}/{key}"
            yield Rejection(name_at, f"`{name_at}` is missing", "set the name")
