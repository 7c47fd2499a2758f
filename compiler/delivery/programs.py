"""The environment of an instance's programs: a model and its transformer have different bindings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from compiler import kube
from compiler.model.binding import Endpoint
from compiler.model.graph import Wiring
from compiler.model.instance import Instance
from compiler.model.resource import Env
from compiler.tenants import model as served_model


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
    if me.section != "models":
        return (_program(me, _clients(wiring), me.spec),)
    server = _program(me, served_model.used(wiring), me.spec)
    if me.spec.transformer is None:
        return (server,)
    uses = served_model.used_by_transformer(wiring)
    title = f"the transformer of `{me.name}`"
    return (server, _program(me, uses, me.spec.transformer, title))


def _program(
    me: Instance[Any], endpoints: Iterator[Endpoint], spec: Any, title: str = ""
) -> Program:
    return Program(kube.client(me, endpoints), tuple(kube.own_env(spec)), title)


def _clients(wiring: Wiring) -> Iterator[Endpoint]:
    """The endpoints that the programs of a workload use, without the systems that run them."""
    return (endpoint for endpoint in wiring.endpoints if endpoint.for_clients)
