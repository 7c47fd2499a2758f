"""Mutants of a running platform's pods, each tried by the work that depends on it.

In each try one reference of one step of a row is broken (steps.py): of a client; of a server, whose
client comes after it; of a Job that fills an empty server, where its clients then use
the promised objects. Of each batch the original row comes last: when its pod is through, the
mutants had their chance.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from live.mutations import Breaker, Mutant, probed
from live.pods.node import Node
from live.pods.objects import ConfigError, Manifest
from live.pods.pod import Pod
from live.steps import Service, Started, Step

TOGETHER = 12  # mutants at a time, of programs that take some memory
LINGER = 3.0  # seconds for a mutant that would be as quick as the original
PATIENCE = 240.0  # seconds for the original
NO_FAULT = r"(?!)"
Trial = tuple[str, bool]  # the broken reference, and whether a test noticed


@dataclass(frozen=True)
class Broken:
    """A step that is broken, in all of its references or in some of them."""

    step: Step
    only: str = ""
    without: str = NO_FAULT

    def mutants(self, node: Node, names: Mapping[str, str]) -> Iterator[Mutant]:
        breaker = Breaker(node.objects, self.step.namespace, names)
        for mutant in self.step.mutants(node, breaker):
            if re.search(self.only, mutant.fault) and not re.search(self.without, mutant.fault):
                yield mutant


@dataclass(eq=False)
class Row:
    """One try: a mutant in one place, or none at all, and the pods that came of it."""

    place: int = -1
    mutant: Mutant | None = None
    started: list[Started] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)

    @property
    def last(self) -> Sequence[Pod]:
        return self.started[-1].pods

    def broken(self, index: int) -> bool:
        return self.mutant is not None and self.place <= index

    def start(self, node: Node, index: int, step: Step) -> None:
        mutant = self.mutant if index == self.place else None
        started = step.start(
            node, mutant.manifest if mutant else step.unbroken(node), self.addresses
        )
        self.started.append(started)
        self.addresses |= started.addresses


@dataclass(frozen=True)
class Bench:
    """A running platform, and the owners of the names in its spec."""

    node: Node
    names: Mapping[str, str]
    together: int = TOGETHER

    def row(self, *parts: Step | Broken) -> Iterator[Trial]:
        """Whether each mutant of a broken reference keeps the row from its end."""
        steps = [part.step if isinstance(part, Broken) else part for part in parts]
        rows = (
            Row(index, mutant)
            for index, part in enumerate(parts)
            if isinstance(part, Broken)
            for mutant in part.mutants(self.node, self.names)
        )
        while batch := list(islice(rows, self.together)):
            finished = self._finished(steps, batch)
            for row in batch:
                assert row.mutant
                yield f"{steps[row.place].name}: {row.mutant.fault}", row not in finished

    def _finished(self, steps: Sequence[Step], batch: Sequence[Row]) -> list[Row]:
        """The rows that come to their end, of some and the original."""
        for row in batch:
            self.node.objects.apply(row.mutant.objects if row.mutant else ())
        active = rows = [*batch, Row()]
        for index, step in enumerate(steps):
            for row in active:
                row.start(self.node, index, step)
            self._wait(step, [pod for row in active for pod in row.last if not row.broken(index)])
            linger(step, [pod for row in active for pod in row.last])
            active = [row for row in active if all(map(step.done, row.last))]
        self.node.discard(pod for row in rows for row_part in row.started for pod in row_part.pods)
        return active

    def _wait(self, step: Step, pods: list[Pod]) -> None:
        self.node.until(lambda: all(map(step.done, pods)), PATIENCE, pods)

    def services(self, users: Mapping[Service, Step]) -> Iterator[Trial]:
        """Services, each broken, with the work of a client that goes through it."""
        for service, user in users.items():
            yield from self.row(Broken(service), user)

    def probes(self) -> Iterator[Trial]:
        """Whether each probe of the platform's servers fails that asks another port."""
        # Asked as a kubelet asks: from the node.
        with ThreadPoolExecutor(1, initializer=self.node.network.enter) as asking:
            for pod in self.node.all_pods():
                for container in pod.spec["containers"] if not pod.job else ():
                    for fault, noticed in asking.submit(list, _probes(pod, container)).result():
                        yield f"{pod.name}: {fault} of {container['name']}", noticed


def _probes(pod: Pod, container: Manifest) -> Iterator[Trial]:
    for kind in sorted(key for key in container if key.endswith("Probe")):
        deadline = time.monotonic() + PATIENCE
        while not answers(pod, container, kind):
            assert time.monotonic() < deadline, f"{kind} of {container['name']} in {pod.name}"
        for fault, broken in probed(container, kind):
            yield fault, not answers(pod, broken, kind)


def answers(pod: Pod, container: Manifest, kind: str) -> bool:
    """Whether a container answers its probe, which a kubelet may not know how to ask."""
    try:
        return pod.answers(container, kind)
    except ConfigError:
        return False


def linger(step: Step, pods: Sequence[Pod]) -> None:
    """Until all have failed or are through, or for as long as a straggler may need."""
    deadline = time.monotonic() + LINGER
    while time.monotonic() < deadline and not all(pod.failed or step.done(pod) for pod in pods):
        time.sleep(0.1)


def judged(trials: Iterator[Trial]) -> None:
    """Every broken reference is noticed."""
    actual = list(trials)  # not a dict: a text may hold two references of a kind
    survivors = sorted(fault for fault, noticed in actual if not noticed)
    print(f"noticed {len(actual) - len(survivors)} of {len(actual)} broken references")
    assert actual, "nothing was broken"
    assert not survivors, "not noticed: " + ", ".join(survivors)
