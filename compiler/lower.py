"""Lower the graph to packages: each component turns its instances into objects.

A component sees only the instance's spec and its wiring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from compiler.document import Path
from compiler.model.authority import HandedAuthority
from compiler.model.binding import Binding, UnlabelledClients
from compiler.model.component import Piece
from compiler.model.contract import ComponentError
from compiler.model.credential import Credential
from compiler.model.fleet import Fleet
from compiler.model.graph import Graph
from compiler.model.instance import Instance
from compiler.model.memo import Memo
from compiler.model.metrics import Metrics
from compiler.model.package import Lowered, Package, Platform
from compiler.model.resource import (
    ConfigFiles,
    Egress,
    Ingress,
    InternalTraffic,
    OperatorPods,
    Phase,
    Resource,
)
from compiler.registry import component_of


def lower(
    platforms: Mapping[str | None, Platform], graphs: Mapping[str | None, Graph], memo: Memo
) -> dict[str | None, Lowered]:
    """The packages of some environments' instances; an instance without objects has none."""
    return {name: _lowered(platforms[name], graph, memo) for name, graph in graphs.items()}


def _lowered(platform: Platform, graph: Graph, memo: Memo) -> Lowered:
    packages: dict[str, Package] = {}
    models: dict[str, Package] = {}
    for name, instance in graph.instances.items():
        if instance.section == "models":
            models[name] = _package_of_model(instance, graph, memo)
            continue
        package = _package_of(instance, graph)
        if instance.section == "components":
            _check_every_binding_is_used(package, instance, graph.by_consumer.get(name, {}))
        if _calls_models(graph, name):
            package = replace(package, phase=_phase_of_caller(package))
        if package.resources or package.configs or package.metrics:
            packages[name] = package
    return Lowered(platform, graph, packages, Fleet(models, memo))


def _calls_models(graph: Graph, name: str) -> bool:
    bindings = graph.by_consumer.get(name, {}).values()
    return any(binding.to_model for binding in bindings)


def _phase_of_caller(package: Package) -> Phase:
    """Deliver a Job that calls a model after the models, because the number of its tries is limited.

    Other callers are delivered with the models: their pods restart until the model answers. In that
    phase neither a model without files nor a schedule whose last run failed delays them.
    """
    jobs = any(resource.kind == "Job" for resource in package.resources)
    return Phase.CALLERS if jobs else Phase.MODELS_AND_SCHEDULES


def _package_of_model(instance: Instance[Any], graph: Graph, memo: Memo) -> Package:
    """Lower a model once for all environments in which the model and its bindings are the same.

    There may be thousands of models, and nearly all of them are the same in every environment.
    """
    bindings = graph.by_consumer.get(instance.name, {})
    parties, slots = _providers_and_slots(bindings)
    return memo.once(lambda: _package_of(instance, graph), slots, instance, *parties)


def _providers_and_slots(
    bindings: Mapping[str, Binding],
) -> tuple[list[object], tuple[tuple[str, str], ...]]:
    """The providers and offers that a model is bound to, and the slots at both ends.

    The claims are not among them: they are the claims of the store that all models of a namespace
    share, and the objects of a single model do not depend on them.
    """
    needs = [
        (slot, need) for slot, binding in bindings.items() for need in (binding, *binding.entailed)
    ]
    parties: list[object] = [party for _, need in needs for party in (need.provider, need.offer)]
    return parties, tuple((slot, need.provides.slot) for slot, need in needs)


def _package_of(instance: Instance[Any], graph: Graph) -> Package:
    return package_of(instance, component_of(instance).lower(instance, graph.wiring(instance.name)))


def _check_every_binding_is_used(
    package: Package, instance: Instance[Any], bindings: Mapping[str, Binding]
) -> None:
    """Refuse a component without a pod that uses its binding: no network policy would let one through."""
    labels = {label for resource in package.resources for label in resource.pod_labels}
    labels |= {label for pods in package.operator_pods for label in pods.labels}
    for slot, binding in bindings.items():
        if labels and binding.offer.port and binding.label not in labels:
            component = component_of(instance)
            problem = f"no pod uses the binding of the slot `{slot}`: name its endpoint in `uses=`"
            raise ComponentError(component.name, component.file, problem)


def package_of(instance: Instance[Any], pieces: Iterable[Piece]) -> Package:
    """Sort the pieces of an instance by type into a package."""
    by_type: dict[type[Any], list[Any]] = defaultdict(list)
    for piece in pieces:
        by_type[type(piece)].append(piece)
    return Package(
        name=instance.name,
        source=dotted(instance.source),
        phase=component_of(instance).PHASE,
        namespace=instance.namespace,
        resources=tuple(by_type[Resource]),
        configs=tuple(by_type[ConfigFiles]),
        credentials=tuple(by_type[Credential]),
        internal_traffic=tuple(by_type[InternalTraffic]),
        egress=tuple(by_type[Egress]),
        ingress=tuple(by_type[Ingress]),
        metrics=tuple(by_type[Metrics]),
        handed_authorities=tuple(by_type[HandedAuthority]),
        operator_pods=tuple(by_type[OperatorPods]),
        unlabelled_clients=tuple(by_type[UnlabelledClients]),
        instance=instance,
    )


def dotted(path: Path) -> str:
    """Join a path in the spec with dots, as people write it."""
    return ".".join(str(part) for part in path)
