"""A gateway of Istio: one Gateway object for all hosts, and a VirtualService for each of them.

Facts are of Istio 1.30.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compiler import model
from compiler.components.bases import certificate
from compiler.interfaces import gateway
from compiler.interfaces.istio import GATEWAY, VIRTUAL_SERVICE

LABELS = {"istio": "ingressgateway"}
ACCOUNT = "istio-ingressgateway"
CARRIES: frozenset[gateway.Feature] = frozenset({"hidden", "serverless", "split"})
HTTP, HTTPS = 80, 443


class Endpoint(gateway.Endpoint, frozen=True, kw_only=True):
    """A gateway that routes by VirtualServices."""

    def route(self, route: gateway.Route) -> Iterator[model.Resource]:
        """A VirtualService in the namespace of the instance with the host."""
        hidden: list[model.Manifest] = [
            {
                # A prefix is one of letters: `/metrics` is one of `/metrics-of-training`.
                "match": [
                    {"uri": match}
                    for path in route.private
                    for match in ({"exact": path}, {"prefix": f"{path}/"})
                ],
                "directResponse": {"status": 404},
            }
        ]
        rule: model.Manifest = (
            {"rewrite": {"authority": route.authority}} if route.authority else {}
        )
        provider = self.binding.provider
        spec = {
            "gateways": [f"{provider.namespace}/{object_name(provider)}"],
            "hosts": [route.host],
            "http": [*(hidden if route.private else ()), {**rule, "route": self._routes(route)}],
        }
        metadata = {"name": route.name, "namespace": route.namespace}
        yield model.Resource.of(VIRTUAL_SERVICE, metadata, spec, route.step)

    def _routes(self, route: gateway.Route) -> list[model.Manifest]:
        domain = self.binding.provider.settings.cluster.domain
        routes: list[model.Manifest] = []
        for backend in route.backends:
            host = f"{backend.service}.{backend.namespace}.svc.{domain}"
            destination: model.Manifest = {
                "destination": {"host": host, "port": {"number": backend.port}}
            }
            weight = {"weight": backend.percent} if len(route.backends) > 1 else {}
            routes.append({**destination, **weight})
        return routes


def object_name(me: model.Instance[Any]) -> str:
    """The name of the Gateway, which a namespace may have several of."""
    return me.platform if me.type == "istio" else f"{me.platform}-{me.name}"


def offer(me: model.Instance[Any], labels: Mapping[str, str], account: str) -> gateway.Offer:
    return gateway.Offer(
        port=0,
        pods=labels,
        account=account,
        scheme="https" if me.settings.tls else "http",
        carries=CARRIES,
    )


def objects(
    me: model.Instance[Any], labels: Mapping[str, str], users: Sequence[model.Instance[Any]]
) -> Iterator[model.Piece]:
    """The Gateway, and the certificate in its namespace, where the gateway's pods read the Secret."""
    name = object_name(me)
    secret = certificate.secret(me.settings.tls, name)
    yield _gateway(me, name, labels, secret, _hosts(me, users))
    public_hosts = sorted({user.public_host for user in users if user.public_host})
    dns_names = [f"*.{me.settings.domain}", *public_hosts]
    yield from certificate.certificate(me.settings.tls, name, me.namespace, dns_names)
    if existing := certificate.existing(me.settings.tls, me.name, me.namespace):
        yield existing


def _hosts(me: model.Instance[Any], users: Sequence[model.Instance[Any]]) -> list[str]:
    """The hosts, each with the namespace of its routes: a route of another namespace
    could take over a host.
    """
    spaces = {user.namespace for user in users} or {me.settings.namespace}
    below_domain = {f"{space}/*.{me.settings.domain}" for space in spaces}
    elsewhere = {
        f"{user.namespace}/{user.public_host}"
        for user in users
        if user.public_host and not user.public_host.endswith(f".{me.settings.domain}")
    }
    return [*sorted(below_domain), *sorted(elsewhere)]


def _gateway(
    me: model.Instance[Any], name: str, labels: Mapping[str, str], secret: str | None,
    hosts: list[str],
) -> model.Resource:  # fmt: skip
    http: model.Manifest = {
        "hosts": hosts,
        "port": {"name": "http", "number": HTTP, "protocol": "HTTP"},
    }
    servers = [http]
    if secret:
        http["tls"] = {"httpsRedirect": True}
        servers.append(
            {
                "hosts": hosts,
                "port": {"name": "https", "number": HTTPS, "protocol": "HTTPS"},
                "tls": {
                    "credentialName": secret,
                    "minProtocolVersion": "TLSV1_2",
                    "mode": "SIMPLE",
                },
            }
        )
    metadata = {"name": name, "namespace": me.namespace}
    spec = {"selector": dict(sorted(labels.items())), "servers": servers}
    return model.Resource.of(GATEWAY, metadata, spec)
