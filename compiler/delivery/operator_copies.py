"""Write the commands that let an operator copy data at once, and show how the copy ends."""

from __future__ import annotations

from shlex import quote

from msgspec.json import encode

from compiler.delivery.apply_plan import Step
from compiler.model.custom_resource import kubectl_kind
from compiler.model.resource import Resource


def copy_now(schedule: Resource, title: str) -> Step:
    """Commands that make an object for one copy, as the schedule would, and wait for its end."""
    assert schedule.custom is not None
    copy = schedule.custom.copy_now
    assert copy is not None
    manifest = copy.manifest(schedule.manifest)
    name = f"{kubectl_kind(manifest)} {manifest['metadata']['name']} -n {schedule.namespace}"
    ends = "|".join((copy.succeeded, *copy.failed))
    return Step(
        title,
        (
            f"kubectl delete {name} --ignore-not-found",
            f"printf %s {quote(encode(manifest).decode())} | kubectl create -f -",
            # `kubectl wait` waits for one state alone, and the copy may also fail.
            f"until kubectl get {name} -o jsonpath='{copy.phase}' | grep -Eq '{ends}'; do sleep 5; done",
            f"kubectl get {name}",
            f"kubectl wait {name} --for=jsonpath='{copy.phase}'={copy.succeeded} --timeout=1m",
        ),
    )
