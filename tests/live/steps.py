"""The parts of a row of pods (trials.py): clients, servers, Jobs that fill them, and Services.

A client does its own work, or a program of the test's in its place. A server stands next to the
platform's own, with empty volumes. A Service leads to the platform's pods, as the one does that it is a
copy of. Each reaches the steps before it in its row, and for the rest the platform.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from live import data
from live.mutations import Breaker, Mutant
from live.pods import services
from live.pods.node import Node, commanded
from live.pods.objects import Manifest, pod_template
from live.pods.pod import Pod

COMMAND_FAULT = " in the command of "  # where a client's program is: its words are the test's
Addresses = Mapping[str, str]  # by the DNS names of Services


@dataclass(frozen=True)
class Started:
    """The pods that came of a step, and the services found elsewhere since then."""

    pods: Sequence[Pod] = ()
    addresses: Addresses = field(default_factory=dict)


class Step(Protocol):
    """One after another these make a row."""

    @property
    def name(self) -> str: ...
    @property
    def namespace(self) -> str: ...

    def unbroken(self, node: Node) -> Manifest:
        """The object to start where nothing is broken."""

    def mutants(self, node: Node, breaker: Breaker) -> Iterator[Mutant]: ...

    def start(self, node: Node, manifest: Manifest, addresses: Addresses) -> Started: ...

    def done(self, pod: Pod) -> bool: ...


@dataclass(frozen=True)
class Client:
    """A pod's work: its own command, or a program in its place; or an init container's alone.

    `repository` is the ConfigMap of a Git repository's DVC configuration, which a program is given.
    """

    name: str
    program: str = ""
    namespace: str = "mlops"
    repository: str = ""
    init: str = ""

    def unbroken(self, node: Node) -> Manifest:
        config = data.config(node, self.repository) if self.repository else ""
        return self._doing(node, config)

    def _doing(self, node: Node, config: str) -> Manifest:
        template = next(
            pod_template(manifest)
            for space, name, manifest in node.objects.of("CronJob", "Deployment", "Job")
            if (space, self.name) == (self.namespace, unhashed(manifest["kind"], name))
        )
        if self.init:
            template = alone(template, self.init)
        program = f"CONFIG = {config!r}\n{self.program}" if config else self.program
        return commanded(template, ("python", "-c", program)) if program else template

    def mutants(self, node: Node, breaker: Breaker) -> Iterator[Mutant]:
        for mutant in breaker.mutants(self.unbroken(node)):
            if not (self.program and COMMAND_FAULT in mutant.fault):
                yield mutant
        if self.repository:  # the files of a repository are no part of the pod
            for fault, config in breaker.texts(data.config(node, self.repository)):
                yield Mutant(f"{fault} in .dvc/config", self._doing(node, config))

    def start(self, node: Node, manifest: Manifest, addresses: Addresses) -> Started:
        return Started([node.run(self.namespace, self.name, template=manifest, instead=addresses)])

    def done(self, pod: Pod) -> bool:
        return pod.finished


@dataclass(frozen=True)
class Server:
    """A server, which is found as all the Services that lead to such a pod."""

    name: str
    kind: str = "Deployment"
    namespace: str = "mlops"

    def unbroken(self, node: Node) -> Manifest:
        manifest = node.objects.get(self.kind, self.namespace, self.name)
        template = pod_template(manifest)
        claims = manifest["spec"].get("volumeClaimTemplates", ())
        scratch = [{"name": claim["metadata"]["name"], "emptyDir": {}} for claim in claims]
        volumes = [*template["spec"].get("volumes", ()), *scratch]
        return {**template, "spec": {**template["spec"], "volumes": volumes}}

    def mutants(self, node: Node, breaker: Breaker) -> Iterator[Mutant]:
        return breaker.mutants(self.unbroken(node))

    def start(self, node: Node, manifest: Manifest, addresses: Addresses) -> Started:
        dns_names = list(self._names(node, manifest["metadata"]["labels"]))
        pod = node.serve(
            self.namespace, self.name, manifest, instead=addresses, dns_names=dns_names
        )
        return Started([pod], dict.fromkeys(dns_names, pod.address))

    def _names(self, node: Node, labels: dict[str, str]) -> Iterator[str]:
        for space, name, service in node.objects.of("Service"):
            if space == self.namespace and services.selects(service, labels):
                (service_name, *_) = services.names(name, space)
                yield from (service_name, f"{self.name}-0.{service_name}")

    def done(self, pod: Pod) -> bool:
        return pod.ready


@dataclass(frozen=True)
class Service:
    """A Service with the platform's pods behind it."""

    name: str
    namespace: str = "mlops"

    def unbroken(self, node: Node) -> Manifest:
        return node.objects.get("Service", self.namespace, self.name)

    def mutants(self, node: Node, breaker: Breaker) -> Iterator[Mutant]:
        return breaker.service(self.unbroken(node))

    def start(self, node: Node, manifest: Manifest, addresses: Addresses) -> Started:
        return Started(addresses=node.discovery.expose(self.namespace, self.name, manifest))

    def done(self, pod: Pod) -> bool:
        return pod.ready


def unhashed(kind: str, name: str) -> str:
    """The name of a workload in the spec: a Job's name ends in the hash of its template."""
    return name.rpartition("-")[0] if kind == "Job" else name


def alone(template: Manifest, init: str) -> Manifest:
    """A pod of one init container and nothing after it."""
    spec = dict(template["spec"])
    spec["containers"] = [
        container for container in spec.pop("initContainers") if container["name"] == init
    ]
    return {**template, "spec": spec}
