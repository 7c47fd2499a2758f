"""Mutants of a running platform's pods, each tried by the work that depends on it.

In each try one reference of one step of a row is broken (steps.py): of a client; of a server, whose
client comes after it; of a Job that fills an empty server, where those for whom it works then use
what they were promised. Of each batch the original row comes last: when its pod is through, the
mutants had their chance.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from live.mutations import Breaker, Mutant
from live.pods.node import Node
from live.pods.pod import Pod
from live.steps import Step

TOGETHER = 12  # mutants at a time, of programs that take some memory
LINGER = 3.0  # seconds for a mutant that would be as quick as the original
PATIENCE = 240.0  # seconds for the original
NOTHING = r"(?!)"
Trial = tuple[str, bool]  # what was broken, and whether it was noticed


@dataclass(frozen=True)
class Broken:
    """A step that is broken, in all of its references or in some of them."""

    step: Step
    only: str = ""
    without: str = NOTHING

    def mutants(self, node: Node, names: Mapping[str, str]) -> Iterator[Mutant]:
        breaker = Breaker(node.objects, self.step.namespace, names)
        for one in self.step.mutants(node, breaker):
            if re.search(self.only, one.what) and not re.search(self.without, one.what):
                yield one


@dataclass(eq=False)
class Row:
    """One try: a mutant in one place, or none at all, and the pods that came of it."""

    place: int = -1
    mutant: Mutant | None = None
    pods: list[Pod] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)

    def broken(self, place: int) -> bool:
        return self.mutant is not None and self.place <= place

    def go(self, node: Node, place: int, step: Step) -> None:
        mutant = self.mutant if place == self.place else None
        pod = step.start(node, mutant.template if mutant else step.whole(node), self.known)
        self.pods.append(pod)
        self.known |= step.found(pod)


@dataclass(frozen=True)
class Bench:
    """A running platform, and what the names in its spec are of."""

    node: Node
    names: Mapping[str, str]
    together: int = TOGETHER

    def row(self, *parts: Step | Broken) -> Iterator[Trial]:
        """Whether each mutant of what is broken keeps the row from its end."""
        steps = [one.step if isinstance(one, Broken) else one for one in parts]
        rows = (
            Row(place, mutant)
            for place, one in enumerate(parts)
            if isinstance(one, Broken)
            for mutant in one.mutants(self.node, self.names)
        )
        while batch := list(islice(rows, self.together)):
            through = self._through(steps, batch)
            for row in batch:
                assert row.mutant
                yield f"{steps[row.place].name}: {row.mutant.what}", row not in through

    def _through(self, steps: Sequence[Step], batch: Sequence[Row]) -> list[Row]:
        """The rows that come to their end, of some and the original."""
        for row in batch:
            self.node.objects.apply(row.mutant.objects if row.mutant else ())
        going = rows = [*batch, Row()]
        for place, step in enumerate(steps):
            for row in going:
                row.go(self.node, place, step)
            self._wait(step, [row for row in going if not row.broken(place)])
            linger(step, [row.pods[-1] for row in going])
            going = [row for row in going if step.done(row.pods[-1])]
        self.node.discard([pod for row in rows for pod in row.pods])
        return going

    def _wait(self, step: Step, rows: Sequence[Row]) -> None:
        pods = [row.pods[-1] for row in rows]
        self.node.until(lambda: all(map(step.done, pods)), PATIENCE, pods)


def linger(step: Step, pods: Sequence[Pod]) -> None:
    """Until all have failed or are through, or for as long as a straggler may need."""
    deadline = time.monotonic() + LINGER
    while time.monotonic() < deadline and not all(pod.failed or step.done(pod) for pod in pods):
        time.sleep(0.1)


def judged(trials: Iterator[Trial]) -> None:
    """Every broken reference is noticed."""
    found = list(trials)  # not a dict: a text may hold two references of a kind
    survivors = sorted(what for what, noticed in found if not noticed)
    print(f"noticed {len(found) - len(survivors)} of {len(found)} broken references")
    assert found, "nothing was broken"
    assert survivors == []
