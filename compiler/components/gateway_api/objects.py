"""The objects of the Gateway API: a Gateway with a listener for each domain, and HTTPRoutes.

Values that the API server fills in within lists are written as well: Argo CD compares lists as a whole.
Facts are of Gateway API 1.6.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from compiler import model
from compiler.components.bases import certificate
from compiler.interfaces import gateway as interface
from compiler.kube.guards import HOST
from compiler.kube.network_policy import NAMESPACE

GROUP = "gateway.networking.k8s.io"
GATEWAY = model.CustomResource(
    api=f"{GROUP}/v1",
    kind="Gateway",
    effects=(model.Effect("spec(/.*)?", model.Risk.RELOAD, "its controller takes it over"),),
)
HTTP_ROUTE = model.CustomResource(
    api=f"{GROUP}/v1",
    kind="HTTPRoute",
    guards=HOST,
    effects=interface.host_effects("spec/hostnames"),
)
CARRIES: frozenset[interface.Feature] = frozenset({"hidden", "split"})
# The units of a duration, whose number has at most five digits. No `timeout` of a model is longer.
_UNITS, _MOST = {"s": 1, "m": 60, "h": 3600}, 99_999
ALL_PATHS = {"path": {"type": "PathPrefix", "value": "/"}}


class Endpoint(interface.Endpoint, frozen=True, kw_only=True):
    """A gateway that routes by HTTPRoutes."""

    def route(self, route: interface.Route) -> Iterator[model.Resource]:
        """An HTTPRoute in the namespace of the Services: elsewhere it would need their permission."""
        me = self.binding.provider
        rules: list[model.Manifest] = []
        if route.private:
            # A rule without Services forwards nothing: the API demands 500, Traefik 3.6 answers 503.
            prefixes = [{"path": {"type": "PathPrefix", "value": path}} for path in route.private]
            rules.append({"matches": prefixes})
        rules.append(
            {
                "matches": [ALL_PATHS],
                "backendRefs": [_backend(b) for b in route.backends],
                "timeouts": {"request": _duration(route.timeout)},
            }
        )
        spec = {
            "hostnames": [route.host],
            "parentRefs": [_listener(me, _section(me, self.offer.scheme, route.host))],
            "rules": rules,
        }
        metadata = {"name": route.name, "namespace": route.backends[0].namespace}
        yield model.Resource.of(HTTP_ROUTE, metadata, spec, route.step)


def _duration(seconds: int | None) -> str:
    """A duration of the API; `0s` sets no limit.

    Without it, the gateways that are made of Envoy end a request after 15 seconds. Traefik 3.6 takes the field
    and does not read it (traefik/traefik#11902): it sets no limit.
    """
    number = seconds or 0
    unit = next(unit for unit, length in _UNITS.items() if number <= _MOST * length)
    return f"{-(-number // _UNITS[unit])}{unit}"


def _backend(backend: interface.Backend) -> model.Manifest:
    return {
        "group": "",
        "kind": "Service",
        "name": backend.service,
        "port": backend.port,
        "weight": backend.percent,
    }


def _listener(me: model.Instance[Any], section: str) -> model.Manifest:
    return {
        "group": GROUP,
        "kind": "Gateway",
        "name": name(me),
        "namespace": me.namespace,
        "sectionName": section,
    }


def name(me: model.Instance[Any]) -> str:
    """The name of the Gateway, which a namespace may have several of."""
    return f"{me.platform}-{me.name}"


def gateway(
    me: model.Instance[Any], class_name: str, ports: tuple[int, int],
    users: Sequence[model.Instance[Any]],
) -> Iterator[model.Piece]:  # fmt: skip
    """The Gateway; with a certificate, its listeners for plain HTTP only redirect to HTTPS."""
    secret = certificate.secret(me.settings.tls, name(me))
    hosts = _hosts(me, users)
    spaces = _namespaces(me, users)
    plain, secure = ports
    listeners = [_http(me, host, plain, spaces if secret is None else None) for host in hosts]
    if secret is not None:
        listeners += [_https(me, host, secure, spaces, secret) for host in hosts]
    metadata = {"name": name(me), "namespace": me.namespace}
    spec = {"gatewayClassName": class_name, "listeners": listeners}
    yield model.Resource.of(GATEWAY, metadata, spec)
    if secret is not None:
        yield _redirect(me, hosts)
    yield from certificate.certificate(me.settings.tls, name(me), me.namespace, hosts)
    if existing := certificate.existing(me.settings.tls, me.name, me.namespace):
        yield existing


def _hosts(me: model.Instance[Any], users: Sequence[model.Instance[Any]]) -> list[str]:
    """All hosts below the domain, and each one elsewhere."""
    domain = me.settings.domain
    public = {user.public_host for user in users if user.public_host}
    return [f"*.{domain}", *sorted(host for host in public if not host.endswith(f".{domain}"))]


def _namespaces(me: model.Instance[Any], users: Sequence[model.Instance[Any]]) -> list[str]:
    """The namespaces of the routes; the routes of logins are in the platform's namespace."""
    return sorted({me.settings.namespace, *(user.namespace for user in users)})


def _section(me: model.Instance[Any], scheme: str, host: str) -> str:
    below = host.endswith(f".{me.settings.domain}")
    return scheme if below else f"{scheme}-{host}"


def _http(
    me: model.Instance[Any], host: str, port: int, spaces: Sequence[str] | None
) -> model.Manifest:
    return {
        "name": _section(me, "http", host),
        "hostname": host,
        "port": port,
        "protocol": "HTTP",
        "allowedRoutes": {"namespaces": _from(spaces)},
    }


def _https(
    me: model.Instance[Any], host: str, port: int, spaces: Sequence[str], secret: str
) -> model.Manifest:
    reference = {"group": "", "kind": "Secret", "name": secret}
    return {
        "name": _section(me, "https", host),
        "hostname": host,
        "port": port,
        "protocol": "HTTPS",
        "tls": {"mode": "Terminate", "certificateRefs": [reference]},
        "allowedRoutes": {"namespaces": _from(spaces)},
    }


def _from(spaces: Sequence[str] | None) -> model.Manifest:
    """The namespaces of a listener's routes; by default the Gateway's namespace."""
    if spaces is None:
        return {"from": "Same"}
    names = {"key": NAMESPACE, "operator": "In", "values": list(spaces)}
    return {"from": "Selector", "selector": {"matchExpressions": [names]}}


def _redirect(me: model.Instance[Any], hosts: Sequence[str]) -> model.Resource:
    """Send plain HTTP of all hosts on to HTTPS."""
    to_https = {
        "type": "RequestRedirect",
        "requestRedirect": {"scheme": "https", "statusCode": 301},
    }
    spec = {
        "parentRefs": [_listener(me, _section(me, "http", host)) for host in hosts],
        "rules": [{"matches": [ALL_PATHS], "filters": [to_https]}],
    }
    metadata = {"name": f"{name(me)}-to-https", "namespace": me.namespace}
    return model.Resource.of(HTTP_ROUTE, metadata, spec)
