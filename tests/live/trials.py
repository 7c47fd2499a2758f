"""Mutants of a running platform's pods, each tried by the work that depends on it.

A client does its own work with each mutant of its pod. A mutant of a server stands beside the others,
and clients are sent there. A mutant of a Job that fills a server fills an empty one, where those for
whom it works then use what they were promised. Of each batch the original is started last: when it
is through, the mutants had their chance.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from live import data
from live.mutations import Breaker, Mutant
from live.pods.node import Node, commanded
from live.pods.objects import Manifest, pod_template
from live.pods.pod import Pod

TOGETHER = 12  # mutants at a time, of programs that take some memory
LINGER = 3.0  # seconds for a mutant that would be as quick as the original
PATIENCE = 240.0  # seconds for the original
NOTHING = r"(?!)"
OWN = " in the command of "  # where a client's program is: its words are the test's
Trial = tuple[str, bool]  # what was broken, and whether it was noticed


@dataclass(frozen=True)
class Client:
    """A pod's work: its own command, or a program in its place; or an init container's alone.

    `repository` is the ConfigMap of a Git repository's DVC configuration, which a program is given.
    """

    workload: str
    program: str = ""
    namespace: str = "mlops"
    repository: str = ""
    init: str = ""


@dataclass(frozen=True)
class Server:
    """A server, and the work that shows that it is whole; by its Service where that is called
    otherwise."""

    name: str
    client: Client
    kind: str = "Deployment"
    namespace: str = "mlops"
    service: str = ""


@dataclass(frozen=True)
class Filler:
    """A Job that makes things in a server for others, and their work."""

    job: str
    server: Server


@dataclass(frozen=True)
class Bench:
    """A running platform, and what the names in its spec are of."""

    node: Node
    names: Mapping[str, str]
    together: int = TOGETHER

    def _breaker(self, namespace: str) -> Breaker:
        return Breaker(self.node.objects, namespace, self.names)

    # Clients -----------------------------------------------------------------------------------

    def client(self, client: Client, *, without: str = NOTHING) -> Iterator[Trial]:
        """Its mutants, but those of what it makes for others, or never looks at."""
        template = self.doing(client)
        without = f"{without}|{OWN}" if client.program else without
        found = [*self._breaker(client.namespace).mutants(template), *self._repositories(client)]
        for batch in self._batches(one for one in found if not re.search(without, one.what)):
            yield from self._clients(client, template, batch)

    def _repositories(self, client: Client) -> Iterator[Mutant]:
        """What a repository holds is no part of the pod."""
        if client.repository:
            held = data.config(self.node, client.repository)
            for what, config in self._breaker(client.namespace).texts(held):
                yield Mutant(f"{what} in .dvc/config", self.doing(client, config))

    def _clients(self, client: Client, template: Manifest, batch: list[Mutant]) -> Iterator[Trial]:
        node, place = self.node, (client.namespace, client.workload)
        self._apply(batch)
        broken = [node.run(*place, template=mutant.template) for mutant in batch]
        whole = node.run(*place, template=template)
        node.until(lambda: whole.finished, PATIENCE, [whole])
        linger(broken)
        for mutant, pod in zip(batch, broken, strict=True):
            yield f"{client.workload}: {mutant.what}", not pod.finished
        self._stop([*broken, whole])

    def doing(self, client: Client, config: str = "") -> Manifest:
        """The pod template of a client, doing its work."""
        template = next(
            pod_template(one)
            for space, name, one in self.node.objects.of("CronJob", "Deployment", "Job")
            if (space, client.workload) == (client.namespace, unhashed(one["kind"], name))
        )
        if client.init:
            template = alone(template, client.init)
        program = client.program
        if client.repository:
            config = config or data.config(self.node, client.repository)
            program = f"CONFIG = {config!r}\n{program}"
        return commanded(template, ("python", "-c", program)) if program else template

    # Servers -----------------------------------------------------------------------------------

    def server(self, server: Server, *, only: str = "", without: str = NOTHING) -> Iterator[Trial]:
        """Its mutants, but those of what it never looks at."""
        template = self.standing(server)
        found = self._breaker(server.namespace).mutants(template)
        kept = (one for one in found if re.search(only, one.what))
        for batch in self._batches(one for one in kept if not re.search(without, one.what)):
            yield from self._servers(server, template, batch)

    def _servers(self, server: Server, template: Manifest, batch: list[Mutant]) -> Iterator[Trial]:
        self._apply(batch)
        broken = [self._serve(server, mutant.template) for mutant in batch]
        whole = self._serve(server, template)
        self.node.until(lambda: whole.ready, PATIENCE, [whole])
        linger(broken, lambda pod: pod.ready)
        asked = {pod.index: self._ask(server, pod) for pod in broken if pod.ready}
        answer = self._ask(server, whole)
        self.node.until(lambda: answer.finished, PATIENCE, [answer])
        linger(asked.values())
        for mutant, pod in zip(batch, broken, strict=True):
            served = pod.index in asked and asked[pod.index].finished
            yield f"{server.name}: {mutant.what}", not served
        self._stop([*broken, whole, answer, *asked.values()])

    def standing(self, server: Server) -> Manifest:
        """The pod template of a server, with empty volumes for those that it claims."""
        one = self.node.objects.get(server.kind, server.namespace, server.name)
        template = pod_template(one)
        claims = one["spec"].get("volumeClaimTemplates", ())
        scratch = [{"name": claim["metadata"]["name"], "emptyDir": {}} for claim in claims]
        volumes = [*template["spec"].get("volumes", ()), *scratch]
        return {**template, "spec": {**template["spec"], "volumes": volumes}}

    def _serve(self, server: Server, template: Manifest) -> Pod:
        return self.node.serve(server.namespace, server.name, template)

    def _ask(self, server: Server, pod: Pod) -> Pod:
        """The work of a server's client, sent to one pod."""
        client = server.client
        return self.node.run(
            client.namespace, client.workload, template=self.doing(client),
            instead=_instead(server, pod),
        )  # fmt: skip

    # Jobs that fill servers --------------------------------------------------------------------

    def filler(self, filler: Filler, *, only: str) -> Iterator[Trial]:
        """The mutants of what a Job makes for others."""
        space = filler.server.namespace
        template = self.doing(Client(filler.job, namespace=space))
        found = self._breaker(space).mutants(template)
        for batch in self._batches(one for one in found if re.search(only, one.what)):
            yield from self._fillers(filler, template, batch)

    def _fillers(self, filler: Filler, template: Manifest, batch: list[Mutant]) -> Iterator[Trial]:
        node, server = self.node, filler.server
        self._apply(batch)
        empty = [self._serve(server, self.standing(server)) for _ in (*batch, template)]
        node.until(lambda: all(pod.ready for pod in empty), PATIENCE, empty)
        jobs = [
            node.run(server.namespace, filler.job, template=one, instead=_instead(server, pod))
            for one, pod in zip([*(each.template for each in batch), template], empty, strict=True)
        ]
        *broken, whole = jobs
        node.until(lambda: whole.finished, PATIENCE, [whole])
        linger(broken)
        asked = {job.index: self._ask(server, pod) for job, pod in zip(broken, empty, strict=False)
                 if job.finished}  # fmt: skip
        answer = self._ask(server, empty[-1])
        node.until(lambda: answer.finished, PATIENCE, [answer])
        linger(asked.values())
        for mutant, job in zip(batch, broken, strict=True):
            used = job.index in asked and asked[job.index].finished
            yield f"{filler.job}: {mutant.what}", not used
        self._stop([*jobs, *asked.values(), answer, *empty])

    # All of them ---------------------------------------------------------------------------------

    def _batches(self, mutants: Iterator[Mutant]) -> Iterator[list[Mutant]]:
        while batch := list(islice(mutants, self.together)):
            yield batch

    def _apply(self, batch: list[Mutant]) -> None:
        for mutant in batch:
            self.node.objects.apply(mutant.objects)

    def _stop(self, pods: list[Pod]) -> None:
        for pod in pods:
            pod.kill()
        for pod in pods:
            self.node.stop(pod.owner["kind"], pod.namespace, pod.owner["metadata"]["name"])


def _instead(server: Server, pod: Pod) -> dict[str, str]:
    name = server.service or server.name
    return {f"{name}.{server.namespace}.svc.cluster.local": pod.address}


def unhashed(kind: str, name: str) -> str:
    """What a workload is called in the spec: a Job's name ends in the hash of its template."""
    return name.rpartition("-")[0] if kind == "Job" else name


def alone(template: Manifest, init: str) -> Manifest:
    """A pod of one init container and nothing after it."""
    spec = dict(template["spec"])
    spec["containers"] = [one for one in spec.pop("initContainers") if one["name"] == init]
    return {**template, "spec": spec}


def linger(pods: Collection[Pod], done: Callable[[Pod], bool] = lambda pod: pod.finished) -> None:
    """Until all have failed or are through, or for as long as a straggler may need."""
    deadline = time.monotonic() + LINGER
    while time.monotonic() < deadline and not all(pod.failed or done(pod) for pod in pods):
        time.sleep(0.1)


def judged(trials: Iterator[Trial]) -> None:
    """Every broken reference is noticed."""
    found = list(trials)  # not a dict: a text may hold two references of a kind
    survivors = sorted(what for what, noticed in found if not noticed)
    print(f"noticed {len(found) - len(survivors)} of {len(found)} broken references")
    assert found, "nothing was broken"
    assert survivors == []
