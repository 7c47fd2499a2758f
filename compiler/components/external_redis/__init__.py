"""Servers of the Redis protocol outside the platform: one, several behind Sentinel, or a Redis Cluster.

It offers keys and has no objects; users are created where it runs.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from compiler import model
from compiler.components.bases import client_certificate, external
from compiler.interfaces import redis
from compiler.spec.constraints import Exact, InvalidValue
from compiler.spec.types import Host, Port

PHASE = model.Phase.DATABASES
KEYS = model.Provides("keys", redis.Endpoint)

binding_problems = client_certificate.binding_problems
revoke_command = external.revoke_command


# The same as `Spec.check`, for editors.
_SENTINEL: JsonDict = {"required": ["mode"], "properties": {"mode": {"const": "sentinel"}}}
_SEVERAL: JsonDict = {
    "required": ["mode"],
    "properties": {"mode": {"enum": ["sentinel", "cluster"]}},
}
_MODES: JsonDict = {
    "if": _SEVERAL,
    "then": {
        "required": ["hosts"],
        "properties": {"host": False, "hosts": {"minItems": 1}},
        "if": _SENTINEL,
        "then": {"required": ["masterName"]},
        "else": {"properties": {"masterName": False}},
    },
    "else": {"required": ["host"], "properties": {"hosts": False, "masterName": False}},
}


class Spec(client_certificate.Spec):
    """An existing Redis server, several behind Sentinel, or a Redis Cluster."""

    model_config = ConfigDict(json_schema_extra=_MODES)

    mode: redis.Mode = Field(
        default="single",
        description="`single`: one server; `sentinel`: Sentinels know which server takes the "
        "writes; `cluster`: a Redis Cluster.",
    )
    host: Host | None = Field(default=None, description="The host name of a single server.")
    hosts: model.ListOf[Host] = Field(
        default=(), description="The host names of the Sentinels, or of nodes of the cluster."
    )
    port: Port | None = Field(
        default=None, description="Its port; default 6379, or 26379 of the Sentinels."
    )
    master_name: Annotated[str, Exact(r"[A-Za-z0-9._-]+")] | None = Field(
        default=None,
        description="With `mode: sentinel`: the name by which the Sentinels know the servers.",
    )
    server_port: Port = Field(
        default=6379, description="With `mode: sentinel`: the port of the servers themselves."
    )
    tls: bool = Field(
        default=True, description="Whether clients must use TLS; of servers and Sentinels alike."
    )
    user: Annotated[str, Exact(r"[A-Za-z0-9_.-]+")] = Field(
        default="default",
        description="The user that clients log in as, each with a Secret that holds its password.",
    )

    KEYS: ClassVar[tuple[str, ...]] = ("password",)

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.host,) if self.host else self.hosts

    @property
    def encrypted(self) -> bool:
        return self.tls

    def check(self) -> None:
        key, excess = ("host", "hosts") if self.mode == "single" else ("hosts", "host")
        if getattr(self, excess):
            message = f"`mode: {self.mode}` has `{key}`, and no `{excess}`"
            help = (
                f"write `host: {self.hosts[0]}`, or add `mode: sentinel` or `mode: cluster`"
                if self.hosts
                else f"write `hosts: [{self.host}]`"
            )
            raise InvalidValue("invalid-value", message, help, at=excess)
        if not self.addresses:
            message = f"`external-redis` needs `{key}`"
            raise InvalidValue("missing-key", message, _MISSING[key])
        if (self.mode == "sentinel") != (self.master_name is not None):
            raise _unnamed() if self.mode == "sentinel" else _named()
        super().check()


_MISSING = {
    "host": "add `host: redis.example.internal`, or `mode: sentinel` or `mode: cluster` with `hosts:`",
    "hosts": "add `hosts: [redis-1.example.internal, redis-2.example.internal]`",
}


def _unnamed() -> InvalidValue:
    message = "Sentinels know servers by a name, which is missing"
    help = "add `masterName:` with the name after `sentinel monitor` in their configuration"
    return InvalidValue("missing-key", message, help)


def _named() -> InvalidValue:
    message = "`masterName` is a name that Sentinels know, and there are none"
    return InvalidValue(
        "invalid-value", message, "add `mode: sentinel`, or remove it", at="masterName"
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    spec = me.spec
    sentinel = spec.mode == "sentinel"
    offer = redis.Offer(
        mode=spec.mode,
        primary=spec.master_name or "",
        host=spec.addresses[0],
        hosts=spec.hosts,
        redirects=spec.mode != "single",
        port=spec.port or (26379 if sentinel else 6379),
        further_ports=(spec.server_port,) if sentinel else (),
        tls=spec.tls,
        user=spec.user,
        cidrs=spec.cidrs,
        ca=spec.authority,
        logins=spec.logins,
        client_certificates=spec.client_certificates,
    )
    return {KEYS: offer}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Resource]:
    return iter(())
