"""Network policies and the labels that they go by, each broken, before all that pods were seen to say.

Here is no network plugin to enforce them. tests/support/reachability.py reads them as Kubernetes' reference has
it: nothing that was seen may be refused, and something must be where a word of them is another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from support.reachability import Network
from support.reachability import Pod as End

from live.mutations import PORT_SHIFT
from live.pods.node import Node
from live.pods.objects import Manifest
from live.pods.pod import Pod
from live.trials import Trial

INSTANCE, COMPONENT = "app.kubernetes.io/instance", "app.kubernetes.io/component"
USES = "uses.platformc.dev/"


class Connection(NamedTuple):
    source: End
    target: End
    port: int


def trials(node: Node, *beyond: str) -> Iterator[Trial]:
    """Each word of the policies, but of those with peers that do not run here: DNS, a scraper."""
    policies = [policy for _, _, policy in node.objects.of("NetworkPolicy")]
    connections = _connections(node)
    assert _refused(policies, connections) == []
    for index, policy in enumerate(policies):
        for fault, spec in _broken(policy["spec"]):
            broken = [*policies[:index], {**policy, "spec": spec}, *policies[index + 1 :]]
            name = policy["metadata"]["name"]
            if name not in ("allow-dns", *beyond):
                yield f"{fault} of the policy {name}", bool(_refused(broken, connections))
    for label, instance in sorted(_labels(connections)):
        if label not in str(policies):  # such a provider has no pods
            continue
        without = [_without(label, instance, connection) for connection in connections]
        yield f"label {label} of {instance}", bool(_refused(policies, without))


def _connections(node: Node) -> list[Connection]:
    actual = {
        (source.name, target.name, port): Connection(source, target, port)
        for source, target, port in (
            (_end(source), _end(target), port)
            for source, target, port in node.discovery.connections()
        )
    }
    return [connection for connection in actual.values() if connection.source.labels]


def _end(pod: Pod) -> End:
    """Pods of one workload are alike."""
    parts = (pod.labels.get(part, "") for part in (INSTANCE, COMPONENT))
    return End("-".join(parts), pod.namespace, pod.labels)


def _refused(policies: list[Manifest], connections: list[Connection]) -> list[str]:
    by_space: dict[str, list[Manifest]] = defaultdict(list)
    for policy in policies:
        by_space[policy["metadata"]["namespace"]].append(policy)
    spaces = {space: {"kubernetes.io/metadata.name": space} for space in by_space}
    network = Network(by_space, spaces)
    return [
        f"{source.name} -> {target.name}:{port}"
        for source, target, port in connections
        if not network.connects(source, target, port)
    ]


def _broken(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """A part of a policy with one of its labels or ports another."""
    if isinstance(value, dict):
        for name, inner in value.items():
            labels = key == "matchLabels" and isinstance(inner, str)
            broken = [(name, f"{inner}-else")] if labels else _broken(inner, name)
            yield from ((fault, {**value, name: broken_value}) for fault, broken_value in broken)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            for fault, broken_value in _broken(inner, key):
                yield fault, [*value[:index], broken_value, *value[index + 1 :]]
    elif key == "port":
        yield "port", value + PORT_SHIFT


def _labels(connections: list[Connection]) -> set[tuple[str, str]]:
    """The labels that name the providers of pods, and the instances that bear them."""
    return {
        (label, connection.source.labels[INSTANCE])
        for connection in connections
        for label in connection.source.labels
        if label.startswith(USES)
    }


def _without(label: str, instance: str, connection: Connection) -> Connection:
    if connection.source.labels[INSTANCE] != instance:
        return connection
    labels = {key: value for key, value in connection.source.labels.items() if key != label}
    return connection._replace(source=replace(connection.source, labels=labels))
