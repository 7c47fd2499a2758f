"""Find objects that must go before other objects take their names.

An operator makes objects under the name of its own object (`CustomResource.makes`). If an object of an earlier
tree has this name, the operator changes it in place: the API server refuses that for fixed fields, such as the
selector of a Deployment. And a deletion at the end of a delivery would hit what the operator has made.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from compiler.derive.order import is_pruned
from compiler.emit.manifests import manifests
from compiler.model.custom_resource import kubectl_kind
from compiler.model.package import KUBERNETES, Lowered
from compiler.model.resource import Resource

Name = tuple[str, str, str]  # kind, namespace, name


class Succession(Struct, frozen=True):
    """An object of an earlier tree, and the wave with the object that takes its name."""

    earlier: Resource
    wave: int

    @property
    def deletion(self) -> str:
        """The command that deletes the earlier object; a second run deletes nothing that took its name."""
        kind, space = kubectl_kind(self.earlier.manifest), f"-n {self.earlier.namespace}"
        if self.earlier.custom is not None:
            # With what its operator has made.
            options = "--ignore-not-found --cascade=foreground"
            return f"kubectl delete {kind} {self.earlier.name} {space} {options}"
        label = f"-l {KUBERNETES}/managed-by=platformc"
        return f"kubectl delete {kind} {space} {label} --field-selector metadata.name={self.earlier.name}"


def successions(before: Lowered, after: Lowered) -> list[Succession]:
    """The objects that only the earlier tree has, and whose names go from or to an operator."""
    placed = [
        (package.wave(resource), resource)
        for package in after.all_packages
        for resource in package.resources
    ]
    waves = {True: _first_waves(placed, operated=True), False: _first_waves(placed, operated=False)}
    remaining = {resource.id for _, resource in placed}
    handed_over = []
    for resource in _last_first(before):
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


def _last_first(lowered: Lowered) -> Iterator[Resource]:
    """The objects with their kinds, in the reverse order of delivery."""
    by_id = {
        resource.id: resource for package in lowered.all_packages for resource in package.resources
    }
    for manifest in reversed(manifests(lowered)):
        resource = by_id.get(Resource(manifest).id)
        if resource is not None:
            yield resource
