"""Find objects that must go before other objects take their names or their volumes.

An operator makes objects under the name of its own object (`CustomResource.makes`). If an object of an earlier
tree has this name, the operator changes it in place: the API server refuses that for fixed fields, such as the
selector of a Deployment. And a deletion at the end of a delivery would hit what the operator has made.

Two pods on one node can mount a ReadWriteOnce volume at the same time, and the lock file of a database does not
protect it between two pods (Kubernetes, access modes of persistent volumes). So a server stops before another
server starts on its volume.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from compiler.derive.order import is_pruned
from compiler.emit.manifests import manifests
from compiler.model.custom_resource import kubectl_kind
from compiler.model.package import KUBERNETES, Lowered
from compiler.model.resource import Resource
from compiler.model.volume_claims import volume_claims

Name = tuple[str, str, str]  # kind, namespace, name


class Succession(Struct, frozen=True):
    """An object of an earlier tree, and the wave with the object that takes its name or its volume."""

    earlier: Resource
    wave: int
    shares_volume: bool = False

    @property
    def title(self) -> str:
        """The reason for the deletion, as the title of a step."""
        if self.shares_volume:
            return "two servers would destroy the data on a volume: the old one stops before the next wave"
        return "what the next wave makes anew under the same name"

    @property
    def deletion(self) -> str:
        """The command that deletes the earlier object; a second run deletes nothing that took its name."""
        if self.shares_volume:
            return f"{deletion_with_pods(self.earlier)} --ignore-not-found"
        kind, space = kubectl_kind(self.earlier.manifest), f"-n {self.earlier.namespace}"
        if self.earlier.custom is not None:
            # With what its operator has made.
            options = "--ignore-not-found --cascade=foreground"
            return f"kubectl delete {kind} {self.earlier.name} {space} {options}"
        label = f"-l {KUBERNETES}/managed-by=platformc"
        return f"kubectl delete {kind} {space} {label} --field-selector metadata.name={self.earlier.name}"


def deletion_with_pods(server: Resource) -> str:
    """The command that deletes a StatefulSet, and ends when its pods are gone."""
    name = f"{server.kind.lower()} {server.name} -n {server.namespace}"
    return f"kubectl delete {name} --cascade=foreground --wait"


def successions(before: Lowered, after: Lowered) -> list[Succession]:
    """The objects that only the earlier tree has, and that leave something to another object."""
    return [*_of_volumes(before, after), *_of_names(before, after)]


def takers(server: Resource, before: Lowered, after: Lowered) -> list[tuple[int, Resource]]:
    """The waves and servers of the new tree that mount a volume which only the earlier server did."""
    claims = volume_claims(server.manifest)
    if not claims:
        return []
    earlier = {
        resource.id: volume_claims(resource.manifest)
        for package in before.packages.values()
        for resource in package.resources
    }
    return [
        (package.wave(resource), resource)
        for package in after.packages.values()
        for resource in package.resources
        if resource.namespace == server.namespace
        and claims & (volume_claims(resource.manifest) - earlier.get(resource.id, frozenset()))
    ]


def _of_volumes(before: Lowered, after: Lowered) -> Iterator[Succession]:
    """The servers that only the earlier tree has, and whose volumes go to other servers."""
    remaining = {resource.id for package in after.all_packages for resource in package.resources}
    for resource in last_first(before):
        if resource.id not in remaining:
            waves = [wave for wave, _ in takers(resource, before, after)]
            if waves:
                yield Succession(resource, min(waves), shares_volume=True)


def _of_names(before: Lowered, after: Lowered) -> list[Succession]:
    """The objects that only the earlier tree has, and whose names go from or to an operator."""
    placed = [
        (package.wave(resource), resource)
        for package in after.all_packages
        for resource in package.resources
    ]
    waves = {True: _first_waves(placed, operated=True), False: _first_waves(placed, operated=False)}
    remaining = {resource.id for _, resource in placed}
    handed_over = []
    for resource in last_first(before):
        takers = waves[resource.custom is None]
        wave_numbers = [takers[name] for name in _names(resource) if name in takers]
        if wave_numbers and resource.id not in remaining and is_pruned(resource.manifest):
            handed_over.append(Succession(resource, min(wave_numbers)))
    return handed_over


def _first_waves(placed: list[tuple[int, Resource]], *, operated: bool) -> dict[Name, int]:
    """The first wave of each name that operators take, or that Kubernetes' own objects take."""
    earliest: dict[Name, int] = {}
    for wave, resource in placed:
        if (resource.custom is not None) == operated:
            for name in _names(resource):
                earliest[name] = min(wave, earliest.get(name, wave))
    return earliest


def _names(resource: Resource) -> Iterator[Name]:
    """The object's own name, or the names of the objects that its operator makes."""
    kinds = (resource.kind,) if resource.custom is None else resource.custom.makes
    for kind in kinds:
        yield kind, resource.namespace, resource.name


def last_first(lowered: Lowered) -> Iterator[Resource]:
    """The objects with their kinds, in the reverse order of delivery."""
    by_id = {
        resource.id: resource for package in lowered.all_packages for resource in package.resources
    }
    for manifest in reversed(manifests(lowered)):
        resource = Resource(manifest)
        yield by_id.get(resource.id, resource)
