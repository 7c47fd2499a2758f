"""Write the commands that order a copy from an operator, and wait until it is made."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from shlex import quote

from msgspec.json import encode

from compiler.delivery.steps import Step
from compiler.model.custom_resource import CopyOrder, kubectl_kind
from compiler.model.package import Lowered
from compiler.model.resource import Resource


def new_copies(lowered: Lowered, names: Collection[str], reason: str) -> Iterator[Step]:
    """A step for each of these instances that an operator copies."""
    for name in sorted(set(names) & lowered.packages.keys()):
        for resource in lowered.packages[name].resources:
            if resource.custom is not None and resource.custom.copy_order is not None:
                yield ordered(resource, f"a new copy of {name}: {reason}")


def ordered(schedule: Resource, title: str) -> Step:
    """The step that orders one copy, as the schedule would, and waits for its end."""
    assert schedule.custom is not None
    assert schedule.custom.copy_order is not None
    return Step(title, tuple(_commands(schedule, schedule.custom.copy_order)))


def _commands(schedule: Resource, copy: CopyOrder) -> Iterator[str]:
    manifest = copy.order(schedule.manifest)
    name = f"{kubectl_kind(manifest)} {manifest['metadata']['name']} -n {schedule.namespace}"
    yield f"kubectl delete {name} --ignore-not-found"  # the copy itself stays
    yield f"printf %s {quote(encode(manifest).decode())} | kubectl create -f -"
    # `kubectl wait` waits for one state alone, and the copy may also fail.
    states = "|".join((copy.succeeded, *copy.failed))
    state = f"kubectl get {name} -o jsonpath='{copy.phase}'"
    yield f"until {state} | grep -Eq '{states}'; do sleep 5; done"
    yield f"kubectl get {name}"
    yield f"kubectl wait {name} --for=jsonpath='{copy.phase}'={copy.succeeded} --timeout=1m"
