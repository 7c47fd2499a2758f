"""Describe an upstream system that must be in the cluster before the platform.

platformc neither ships nor manages it. A component's module may have a function
`prerequisites(me, wiring)` that returns a Prerequisite, or None if its `install:` has another value.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from compiler.model.manifest import Manifest


class Running(Struct, frozen=True):
    """A Deployment of an upstream system that shows the running release.

    The release is its label `app.kubernetes.io/version`, or the tag of the image of `container`.
    """

    deployment: str
    namespace: str
    container: str = ""


class Client(Struct, frozen=True):
    """A Deployment of an upstream system whose pods use the databases or stores of the instance's bindings."""

    deployment: str
    namespace: str
    labels: Mapping[str, str]  # the selector of its pods
    replicas: int = 1  # the number in upstream's release
    # The label of the pods that it starts for its runs, in any namespace; they go on when it has stopped.
    run_label: str = ""


class Prerequisite(Struct, frozen=True, kw_only=True):
    """One upstream system: its release, namespaces, installation commands and required settings."""

    name: str  # the folder below `prerequisites/`: the instance's name
    system: str  # the name in its own manual
    version: str  # the release that the emitted objects fit; empty if all do
    namespaces: tuple[str, ...]  # its namespaces
    how: tuple[str, ...]  # the commands that install it
    # Systems that it needs besides, each with its name and its settings; `how` does not install them. Those
    # in `also` come before its own commands, those in `later` after them.
    also: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    # Parts of systems, by name, that it installs, and that must be there before its own commands run:
    # an instance may wait for those of another with which it has no binding.
    brings: tuple[str, ...] = ()
    awaits: tuple[str, ...] = ()
    # Parts that it looks for only when it starts: if one comes later, it has to start again.
    looks_once_for: tuple[str, ...] = ()
    running: Running | None = None
    # Its Deployments that a move or a restore of the instance's back ends must stop.
    clients: tuple[Client, ...] = ()
    # Parts of upstream's own objects, each with apiVersion, kind and metadata: strategic merge
    # patches of the kustomize Component, which `doctor` also looks for in the cluster.
    objects: tuple[Manifest, ...] = field(default=())

    @property
    def besides(self) -> tuple[str, ...]:
        """All systems that it needs besides."""
        return (*self.also, *self.later)

    @property
    def deployments(self) -> tuple[tuple[str, str], ...]:
        """The name and namespace of each of its Deployments that are known here."""
        servers = (*([self.running] if self.running else ()), *self.clients)
        return tuple(dict.fromkeys((server.deployment, server.namespace) for server in servers))
