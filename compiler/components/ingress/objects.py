"""The objects of a host behind an Ingress class: the Ingress, its certificate, and the redirect to HTTPS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compiler import model
from compiler.components.bases import certificate
from compiler.components.ingress.controllers import (
    CONTROLLERS,
    ENTRY_POINTS,
    MIDDLEWARES,
    NO_ADDRESS,
    READ_TIMEOUT,
)
from compiler.interfaces import gateway
from compiler.model import Manifest, Resource

MIDDLEWARE = model.CustomResource(
    api="traefik.io/v1alpha1",
    kind="Middleware",
    is_rule=True,
    effects=(model.Effect("spec(/.*)?", model.Risk.RELOAD, "Traefik takes it over at once"),),
)


class Endpoint(gateway.Endpoint, frozen=True, kw_only=True):
    """A gateway that routes by Ingresses."""

    @classmethod
    def credential(cls, binding: model.Binding[Any, Any]) -> model.Credential | None:
        """The user's certificate, in the namespaces of the Ingresses that name it."""
        return certificate.existing(binding.provider.settings.tls, binding.provider.name)

    def route(self, route: gateway.Route) -> Iterator[Resource]:
        """The objects of a host, in the namespace of the Service: an Ingress can lead only there."""
        me = self.binding.provider
        facts = CONTROLLERS[me.spec.controller]
        if me.settings.tls is None:
            yield _ingress(me, route, route.name, facts.plain, None)
            yield from _hidden(me, route, facts.plain, None)
            return
        secret = certificate.secret(me.settings.tls, route.name)
        space = route.backends[0].namespace
        yield from certificate.certificate(
            me.settings.tls, route.name, space, [route.host], route.step
        )
        yield _ingress(me, route, route.name, facts.secure, secret)
        yield from _hidden(me, route, facts.secure, secret)
        if not facts.redirects:
            yield from _redirect(me, route)


def _ingress(
    me: model.Instance[Any], route: gateway.Route, name: str, annotations: Mapping[str, str],
    secret: str | None, paths: Iterable[Manifest] | None = None,
) -> Resource:  # fmt: skip
    """An Ingress of a host, by default with all paths that clients ask for."""
    (backend,) = route.backends[:1]
    service = {"service": {"name": backend.service, "port": {"number": backend.port}}}
    rules = [{"host": route.host, "http": {"paths": [
        {**path, "backend": service} for path in (_paths(route) if paths is None else paths)
    ]}}]  # fmt: skip
    metadata: Manifest = {"name": name, "namespace": backend.namespace}
    annotations = dict(annotations)
    if route.timeout is not None and READ_TIMEOUT in annotations:
        annotations[READ_TIMEOUT] = str(route.timeout)
    if annotations:
        metadata["annotations"] = annotations
    spec: Manifest = {"ingressClassName": me.spec.class_name, "rules": rules}
    if secret is not None:
        spec["tls"] = [{"hosts": [route.host], "secretName": secret}]
    manifest = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata,
        "spec": spec,
    }
    return Resource(manifest, route.step)


def _paths(route: gateway.Route) -> list[Manifest]:
    """The paths of a host: all, or only the platform's buckets if others are private."""
    if not route.private or route.resources is None:
        return [{"path": "/", "pathType": "Prefix"}]
    paths = [{"path": "/", "pathType": "Exact"}]
    return [*paths, *(path for name in route.resources for path in _below(f"/{name}"))]


def _below(path: str) -> Iterator[dict[str, str]]:
    """A path and all paths below it. Traefik 3.6 takes `/min` for a prefix of `/minio`, as the API does not."""
    yield {"path": path, "pathType": "Exact"}
    yield {"path": f"{path}/", "pathType": "Prefix"}


def _hidden(
    me: model.Instance[Any],
    route: gateway.Route,
    annotations: Mapping[str, str],
    secret: str | None,
) -> Iterator[Resource]:
    """A second Ingress with the private paths of a page, which admits no address.

    The Ingress API hides no path, and the other paths of a page are not known. The API and nginx take the longest
    path that matches, and Traefik the highest priority, so the Ingress of the page does not get these requests.
    """
    if not route.private or route.resources is not None:
        return
    name, space = f"{route.name}-hidden", route.backends[0].namespace
    refusal = dict(CONTROLLERS[me.spec.controller].refusal)
    if MIDDLEWARES in refusal:
        refusal[MIDDLEWARES] = f"{space}-{name}@kubernetescrd"
        admitted = {"ipAllowList": {"sourceRange": [NO_ADDRESS]}}
        yield Resource.of(MIDDLEWARE, {"name": name, "namespace": space}, admitted, route.step)
    paths = [below for path in route.private for below in _below(path)]
    yield _ingress(me, route, name, {**annotations, **refusal}, secret, paths)


def _redirect(me: model.Instance[Any], route: gateway.Route) -> Iterator[Resource]:
    """Traefik's redirect, only for this host: other hosts of the cluster stay unchanged."""
    name, space = f"{route.name}-to-https", route.backends[0].namespace
    redirect = {"redirectScheme": {"scheme": "https", "permanent": True}}
    yield Resource.of(MIDDLEWARE, {"name": name, "namespace": space}, redirect, route.step)
    annotations = {ENTRY_POINTS: "web", MIDDLEWARES: f"{space}-{name}@kubernetescrd"}
    yield _ingress(me, route, name, annotations, None)
