"""The environment of each program of an instance, for pods that platformc does not write, and for laptops."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from compiler import kube
from compiler.document import Path
from compiler.model.graph import Wiring
from compiler.model.instance import Instance
from compiler.model.resource import Env
from compiler.tenants import programs as tenants


class Program(Struct, frozen=True):
    """A program of an instance: its bindings, and the variables that the user wrote for it."""

    client: kube.Client
    written: tuple[Env, ...]
    title: str = ""  # the name of a part of the instance; empty for its main program

    @property
    def env(self) -> tuple[Env, ...]:
        return (*self.client.env, *self.written)


def programs(me: Instance[Any], wiring: Wiring) -> tuple[Program, ...]:
    """The programs of a workload or model, its main program at the front."""
    return tuple(_program(me, wiring, path, spec) for path, spec in tenants.programs(me))


def _program(me: Instance[Any], wiring: Wiring, path: Path, spec: Any) -> Program:
    endpoints = tenants.endpoints(path, me, wiring)
    client = kube.client(me, (endpoint for endpoint in endpoints if endpoint.for_clients))
    title = f"the {path[-1]} of `{me.name}`" if path else ""
    return Program(client, tuple(kube.own_env(spec)), title)
