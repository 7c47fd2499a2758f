"""Find the state that a renamed instance keeps: volumes, databases and buckets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.delivery.successors import deletion_with_pods, takers
from compiler.diff import Action, Change
from compiler.model.binding import Binding
from compiler.model.effects import FieldChange, Judgement, Risk
from compiler.model.graph import Graph
from compiler.model.package import Lowered
from compiler.model.resource import Resource
from compiler.model.volume_claims import deletes_volumes, volume_claims


def renamed(before: Graph, after: Graph) -> dict[str, str]:
    """Removed instances, each with a new instance of its type: probably it is only renamed."""
    removed, new = (
        {
            name: instance.type
            for name, instance in sorted(graph.instances.items())
            if name not in counterpart.instances and instance.section == "components"
        }
        for graph, counterpart in ((before, after), (after, before))
    )
    types = {type: name for name, type in new.items()}
    return {name: types[type] for name, type in removed.items() if type in types}


def servers(before: Lowered, after: Lowered) -> dict[str, str]:
    """Renamed instances that keep all of their volumes: the new names by the old ones."""
    return {
        old: new
        for old, new in renamed(before.graph, after.graph).items()
        if (claims := _claims(before, old)) and claims <= _claims(after, new)
    }


def changes(environment: str, names: Mapping[str, str], before: Lowered) -> Iterator[Change]:
    """One line for each renamed instance that keeps its volumes."""
    for old, new in names.items():
        claims = ", ".join(f"`{name}`" for _, name in sorted(_claims(before, old)))
        reason = f"`{new}` keeps what is on {claims}"
        yield Change(
            environment, new, Action.RETAINED, "Component", "", new,
            (FieldChange("name", old, new),), (Judgement(Risk.NO_OP, reason),),
        )  # fmt: skip


def binding(environment: str, old: str, new: Binding) -> Change:
    """The line about a renamed consumer that finds its data at the old place."""
    consumer, slot = new.consumer.name, new.requires.slot
    resources = ", ".join(f"`{name}`" for name in sorted(new.claim.keeps))
    reason = f"`{consumer}` keeps {resources} of `{new.provider.name}`"
    return Change(
        environment, consumer, Action.RETAINED, new.requires.endpoint.interface, "",
        f"{consumer} {slot}", (FieldChange("name", old, consumer),),
        (Judgement(Risk.NO_OP, reason),),
    )  # fmt: skip


def taken_over(
    resource: Resource, before: Lowered | None, after: Lowered | None
) -> Judgement | None:
    """The judgement of a removed server whose volumes another server keeps."""
    if before is None or after is None or deletes_volumes(resource.manifest):
        return None
    claims = volume_claims(resource.manifest)
    for _, successor in takers(resource, before, after):
        if claims <= volume_claims(successor.manifest):
            return Judgement(
                Risk.DOWNTIME,
                f"`{successor.name}` goes on with its volume, and two servers would destroy the data",
                f"{deletion_with_pods(resource)}, which ends when its pods are gone, then apply",
            )
    return None


def _claims(lowered: Lowered, name: str) -> set[tuple[str, str]]:
    """Namespaces and names of the volume claims of an instance."""
    package = lowered.packages.get(name)  # an instance without objects has none
    return {
        (resource.manifest["metadata"]["namespace"], claim)
        for resource in (package.resources if package else ())
        for claim in volume_claims(resource.manifest)
    }
