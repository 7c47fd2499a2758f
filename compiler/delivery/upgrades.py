"""Plan copies before an upgrade that cannot be undone: one of each affected system of record."""

from __future__ import annotations

from collections.abc import Iterator

from compiler import registry
from compiler.delivery.copy_orders import ordered
from compiler.delivery.cron_jobs import run
from compiler.delivery.steps import Step
from compiler.interfaces import sql
from compiler.kube.labels import COMPONENT
from compiler.model.package import Lowered
from compiler.model.resource import Resource
from compiler.model.versions import Crossing
from compiler.spec.component import RunningSpec


def copies(before: Lowered, after: Lowered) -> Iterator[Step]:
    """The first steps of a delivery: they copy the data that new images change for good."""
    for name in sorted(before.packages.keys() & after.packages.keys()):
        for crossing in _crossings(before, after, name):
            yield from _copies(before, name, crossing)


def _crossings(before: Lowered, after: Lowered, name: str) -> Iterator[Crossing]:
    """The known effects of another image of an instance on data, each once."""
    old, new = before.packages[name].instance, after.packages[name].instance
    if old is None or new is None or (old.section, old.type) != ("components", new.type):
        return
    if not (isinstance(old.spec, RunningSpec) and isinstance(new.spec, RunningSpec)):
        return
    images = old.spec.image or "", new.spec.image or ""
    kinds = sorted({resource.kind for resource in before.packages[name].resources})
    versions = registry.versions(old.type)
    effects = (effect for kind in kinds for effect in versions.crossings(kind, *images))
    yield from {effect.reason: effect for effect in effects}.values()


def _copies(before: Lowered, name: str, crossing: Crossing) -> Iterator[Step]:
    copiers = list(_copiers(before, name))
    for holder, copier in copiers:
        title = f"copy {holder} first: {crossing.reason}"
        yield run(copier, title, {}) if copier.custom is None else ordered(copier, title)
    if not copiers:
        yield Step(f"nothing copies the data of {name}: {crossing.reason}; {crossing.remedy}", ())


def _copiers(before: Lowered, name: str) -> Iterator[tuple[str, Resource]]:
    """The schedules that copy an instance and the databases that it uses, each with the instance that it copies."""
    bindings = before.graph.by_consumer.get(name, {}).values()
    databases = (b.final.provider.name for b in bindings if isinstance(b.claim, sql.Claim))
    holders = {name, *databases}
    for holder in sorted(holders & before.packages.keys()):
        for resource in before.packages[holder].resources:
            if resource.custom is not None:
                copies_data = resource.custom.copies_data
            else:
                role = resource.manifest["metadata"].get("labels", {}).get(COMPONENT)
                copies_data = resource.kind == "CronJob" and role == "backup"
            if copies_data:
                yield holder, resource
