"""List the Host headers that MLflow accepts."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import product
from typing import Any

from compiler import model


def allowed(me: model.Instance[Any], page: str | None) -> tuple[str, ...]:
    """Every Host header of clients, people and probes; `page` is MLflow's host at the gateway.

    MLflow compares the whole header, port included, and setting the variable drops its defaults.
    A pattern of an address must match no name: `10.*` would let `10.evil.example` in, by which a web
    page could use a browser's port-forward (MLflow 3.17.2, server/security_utils.py).
    """
    domain = me.settings.cluster.domain
    names = [
        me.service,
        f"{me.service}.{me.namespace}",
        f"{me.service}.{me.namespace}.svc",
        f"{me.service}.{me.namespace}.svc.{domain}",
        "localhost",
        "127.0.0.1",
        *([page] if page else []),
    ]
    hosts = [form for name in names for form in (name, f"{name}:*")]
    return (*hosts, *(glob for cidr in me.settings.cluster.pod_cidrs for glob in _globs(cidr)))


# MLflow's patterns are like a shell's: a number is one, two or three digits.
_OCTET = ("[0-9]", "[0-9][0-9]", "[0-9][0-9][0-9]")


def _globs(cidr: str) -> Iterator[str]:
    """Patterns of addresses with a port: a range is cut at whole octets, and the rest is only digits."""
    network = IPv4Network(cidr, strict=False)
    octets = min(max(-(-network.prefixlen // 8), 1), 3)
    if network.prefixlen > 24:
        network = network.supernet(new_prefix=24)
    for part in network.subnets(new_prefix=octets * 8):
        fixed = str(part.network_address).split(".")[:octets]
        for digits in product(_OCTET, repeat=4 - octets):
            yield ".".join((*fixed, *digits)) + ":*"
