"""Write the commands that order a copy from an operator, and wait until it is made."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from shlex import quote

from compiler.delivery.apply_plan import Step
from compiler.model.custom_resource import CopyOrder, kubectl_kind
from compiler.model.package import Lowered
from compiler.model.resource import Resource


def new_copies(lowered: Lowered, names: Collection[str], reason: str) -> Iterator[Step]:
    """A step for each of these instances that an operator copies."""
    for name in sorted(set(names) & lowered.packages.keys()):
        for resource in lowered.packages[name].resources:
            if resource.custom is not None and resource.custom.copy_order is not None:
                commands = tuple(_commands(resource, resource.custom.copy_order))
                yield Step(f"a new copy of {name}: {reason}", commands)


def _commands(resource: Resource, copy: CopyOrder) -> Iterator[str]:
    order = copy.order(resource.manifest)
    ordered = (
        f"{kubectl_kind(order)} {order['metadata']['name']} -n {order['metadata']['namespace']}"
    )
    yield f"kubectl delete {ordered} --ignore-not-found"  # the copy itself stays
    yield f"echo {quote(json.dumps(order, sort_keys=True))} | kubectl create -f -"
    # `kubectl wait` waits for one state alone, and a copy of much data takes long.
    states = f"{copy.succeeded}|{copy.failed}"
    yield (
        f"until kubectl get {ordered} -o jsonpath='{copy.phase}' | grep -Eq '{states}'; "
        "do sleep 5; done"
    )
    yield f"kubectl wait {ordered} --for='jsonpath={copy.phase}={copy.succeeded}' --timeout=1m"
