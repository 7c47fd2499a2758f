"""Write shared network policies for models that the same pods call: there may be thousands of models.

The policies list the models and their callers by the labels that select the pods of each, which
never change. A label for a group of models would restart their servers when a caller is added.
Models with many callers, or with callers that the platform does not run, keep separate policies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from msgspec import Struct

from compiler.derive.binding_policies import egress_rules
from compiler.kube.labels import COMPONENT, INSTANCE
from compiler.kube.network_policy import any_of, labelled, peer, policy, tcp
from compiler.model.binding import Binding
from compiler.model.bisection import SINGLE_PIECE, digits, pieces
from compiler.model.instance import USES
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource

Caller = tuple[str, str]  # namespace, and the instance whose pods call
MOST_MODELS = 60  # the most models in one policy
MOST_CALLERS = 16
LONGEST = 40  # characters that a name has room for


class Called(Struct, frozen=True):
    """Models with the same callers."""

    name: str
    callers: tuple[Caller, ...]
    bindings: tuple[Binding, ...]  # one to each model


def callers_of(
    lowered: Lowered, labels: frozenset[str], foreign: frozenset[str]
) -> Mapping[str, frozenset[Caller]]:
    """The instances whose pods carry each of some labels.

    A label is left out if an instance's name does not select exactly the pods that carry the label: the
    platform does not run them, or only some pods of the instance carry it. A label of pods in the
    namespaces of operators is left out too, because these get no policies.
    """
    pods = [_pods(package) for package in lowered.packages.values()]
    pods += [pods_of_model for _, pods_of_model in lowered.models.each(_pods)]
    carried: dict[Caller, frozenset[str]] = {}
    unfit: set[str] = set()
    for caller, uses in (pair for pairs in pods for pair in pairs):
        mine = uses & labels
        if not caller[1] or caller[0] in foreign:
            unfit |= mine
            continue
        earlier = carried.setdefault(caller, mine)
        if earlier != mine:
            unfit |= earlier | mine
            carried[caller] = earlier | mine
    callers: dict[str, set[Caller]] = defaultdict(set)
    for caller, uses in carried.items():
        for label in uses - unfit:
            callers[label].add(caller)
    return {label: frozenset(calling) for label, calling in callers.items()}


def _pods(package: Package) -> tuple[tuple[Caller, frozenset[str]], ...]:
    """The pods of one package, by the instance in their labels, with the offers that they use."""
    pairs = [
        ((pods.namespace or package.namespace, ""), _uses(pods.labels))
        for pods in package.operator_pods
    ]
    for resource in package.resources:
        labels = resource.pod_labels
        if labels:
            pairs.append(((resource.namespace, labels.get(INSTANCE, "")), _uses(labels)))
    return tuple(pairs)


def _uses(labels: Iterable[str]) -> frozenset[str]:
    return frozenset(label for label in labels if label.startswith(USES))


def grouped(
    home: str, bindings: Iterable[Binding], callers: Mapping[str, frozenset[Caller]]
) -> Iterator[Called]:
    """The models of one store that the same pods call, where there are several."""
    groups: dict[tuple[object, ...], list[Binding]] = defaultdict(list)
    for binding in bindings:
        offer, calling = binding.offer, callers.get(binding.label, frozenset())
        if 0 < len(calling) <= MOST_CALLERS and not offer.pods:
            # One system serves all models of a store, so requests to them pass the same pods on the way.
            shape = (calling, offer.role, offer.pod_ports)
            groups[shape].append(binding)
    for group in groups.values():
        if len(group) > 1:
            yield from _called(home, tuple(sorted(callers[group[0].label])), group)


def _called(home: str, callers: tuple[Caller, ...], group: list[Binding]) -> Iterator[Called]:
    # A dot, which no instance's name has, distinguishes these names from the names for single models.
    name = f"{home}.{_joined(sorted({name for _, name in callers}))}"
    ports = "-".join(map(str, group[0].offer.pod_ports))
    keyed = [(digits(binding.provider.name), binding) for binding in group]
    for digit, piece in pieces(keyed, lambda piece: len(piece) <= MOST_MODELS):
        suffix = "" if digit == SINGLE_PIECE else f"-{digit}"
        yield Called(f"{name}-{ports}{suffix}", callers, piece)


def _joined(names: list[str]) -> str:
    text = ".".join(names)
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST - 9].rstrip('-.')}-{sha256(text.encode()).hexdigest()[:8]}"


def policies(models: Called) -> Iterator[Resource]:
    """One policy for the models, and one in each namespace with callers."""
    binding = models.bindings[0]
    names = any_of(INSTANCE, (binding.provider.name for binding in models.bindings))
    servers = {**labelled({COMPONENT: binding.offer.role}), **names}
    by_space: dict[str, list[str]] = defaultdict(list)
    for space, caller in models.callers:
        by_space[space].append(caller)
    callers = {space: any_of(INSTANCE, names) for space, names in sorted(by_space.items())}
    from_ = [peer(space, pods) for space, pods in callers.items()]
    space = binding.provider.namespace
    ingress = [{"from": from_, "ports": tcp(*binding.offer.pod_ports)}]
    yield policy(models.name, space, servers, ingress=ingress)
    egress = egress_rules(binding, [peer(space, servers)])
    for caller_space, pods in callers.items():
        yield policy(f"{models.name}-clients", caller_space, pods, egress=egress)
