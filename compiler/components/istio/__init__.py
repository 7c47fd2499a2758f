"""Istio: one Gateway for all hosts of the platform, and a mesh of the platform's namespaces.

istiod, its CRDs and the gateway's pods are upstream's. The parts of the mesh that follow from
bindings (identities, policies, routes) are derived in derive/mesh.py and derive/routes.py. Facts
are of Istio 1.30.3.
"""

import shlex
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from compiler import model
from compiler.interfaces import gateway, mesh
from compiler.spec.door import Issuer
from compiler.spec.types import Name, Namespace

PHASE = model.Phase.OPERATORS
UPSTREAM_NAMESPACE = True
CLUSTER_SINGLETON = "a cluster has one mesh"
GATEWAY = model.Provides("gateway", gateway.Endpoint)
VERSION = "1.30.3"
HTTP, HTTPS = 80, 443
CERTIFICATE = model.CustomResource(api="cert-manager.io/v1", kind="Certificate")


class GatewayPods(model.Section):
    """The pods of the ingress gateway, which upstream's chart runs."""

    labels: Annotated[dict[str, str], Field(description="Their labels.")] = {
        "istio": "ingressgateway"
    }
    service_account: Annotated[Name, Field(description="Their ServiceAccount.")] = (
        "istio-ingressgateway"
    )


class Spec(model.ChartSpec):
    """Istio: the gateway and the mesh."""

    namespace: Annotated[Namespace | None, Field(description="Where istiod runs.")] = "istio-system"
    mtls: Annotated[
        Literal["strict", "permissive"],
        Field(description="Whether pods accept nothing but mutual TLS."),
    ] = "strict"
    dataplane: Annotated[
        Literal["sidecar", "ambient"],
        Field(description="A proxy in each pod, or one on each node."),
    ] = "sidecar"
    revision: Annotated[
        Name | None, Field(description="The control plane's revision, if it has one.")
    ] = None
    gateway: Annotated[GatewayPods, Field(description="The pods of the ingress gateway.")] = (
        GatewayPods()
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    spec = me.spec
    offer = gateway.Offer(
        port=0,
        pods=spec.gateway.labels,
        gateway=f"{me.namespace}/{me.platform}",
        account=spec.gateway.service_account,
        dataplane=spec.dataplane,
        joins=_joins(spec),
        scheme="https" if me.settings.tls else "http",
        strict=spec.mtls == "strict",
    )
    return {GATEWAY: offer}


def _joins(spec: Spec) -> dict[str, str]:
    if spec.dataplane == "ambient":
        return {"istio.io/dataplane-mode": "ambient"}
    return {"istio.io/rev": spec.revision} if spec.revision else {"istio-injection": "enabled"}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    tls = me.settings.tls
    secret = (tls.secret or f"{me.platform}-tls") if tls else None
    users = [binding.consumer for binding in wiring.claims(GATEWAY)]
    yield _gateway(me, secret, _hosts(me, users))
    if tls and tls.issuer and secret:
        yield _certificate(me, tls.issuer, secret, sorted(_public_hosts(users)))


def _hosts(me: model.Instance[Spec], users: Sequence[model.Instance[Any]]) -> list[str]:
    """The hosts, each with the namespace whose routes may answer it: a route of another namespace
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


def _public_hosts(users: Sequence[model.Instance[Any]]) -> set[str]:
    return {user.public_host for user in users if user.public_host}


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite:
    """The charts; their release names determine the labels of the gateway's pods."""
    space = me.namespace
    how = [
        "helm repo add istio https://istio-release.storage.googleapis.com/charts",
        f"kubectl create namespace {space}",
    ]
    for name, chart, values in _charts(me.spec):
        sets = "".join(f" --set {shlex.quote(value)}" for value in values)
        how.append(f"helm install {name} istio/{chart} --version {VERSION} -n {space}{sets} --wait")
    tls = me.settings.tls
    signer = ", and cert-manager with the issuer" if tls and tls.issuer else ""
    return model.Prerequisite(
        name=me.name,
        system=f"Istio{signer}, with its CNI plugin: `restricted` namespaces refuse pods that set "
        "up their own network",
        version=VERSION,
        namespaces=(space,),
        how=tuple(how),
    )


def _charts(spec: Spec) -> Iterator[tuple[str, str, list[str]]]:
    """The name, the chart and the values of each release, in order."""
    revision = [f"revision={spec.revision}"] if spec.revision else []
    yield "istio-base", "base", [f"defaultRevision={spec.revision}"] if spec.revision else []
    if spec.dataplane == "ambient":
        ambient = ["profile=ambient"]
        yield "istiod", "istiod", [*ambient, *revision]
        yield "cni", "cni", ambient
        yield "ztunnel", "ztunnel", revision
    else:
        # Unless istiod knows of the CNI, it adds a container to each pod that sets up the network as
        # root; and its proxies have no seccomp profile unless it is configured (istio/istio#57004).
        yield "cni", "cni", []
        seccomp = "global.proxy.seccompProfile.type=RuntimeDefault"
        yield "istiod", "istiod", ["pilot.cni.enabled=true", seccomp, *revision]
    yield spec.gateway.service_account, "gateway", [*_gateway_labels(spec.gateway), *revision]


def _gateway_labels(pods: GatewayPods) -> Iterator[str]:
    """Labels that the chart does not derive from the release's name."""
    shipped = {
        "app": pods.service_account,
        "istio": pods.service_account.removeprefix("istio-"),
    }
    for key, value in sorted(pods.labels.items()):
        if shipped.get(key) != value:
            yield "labels." + key.replace(".", "\\.") + f"={value}"


def _gateway(me: model.Instance[Spec], secret: str | None, hosts: list[str]) -> model.Resource:
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
    metadata = {"name": me.platform, "namespace": me.namespace}
    spec = {"selector": dict(sorted(me.spec.gateway.labels.items())), "servers": servers}
    return model.Resource.of(mesh.GATEWAY, metadata, spec)


def _certificate(
    me: model.Instance[Spec], issuer: Issuer, secret: str, hosts: list[str]
) -> model.Resource:
    """The certificate, in the gateway's namespace, because its pods read the Secret there."""
    spec = {
        "dnsNames": [f"*.{me.settings.domain}", *hosts],
        "issuerRef": {"group": "cert-manager.io", "kind": issuer.kind, "name": issuer.name},
        "privateKey": {"algorithm": "ECDSA", "rotationPolicy": "Always", "size": 256},
        "secretName": secret,
        "usages": ["digital signature", "server auth"],
    }
    metadata = {"name": me.platform, "namespace": me.namespace}
    return model.Resource.of(CERTIFICATE, metadata, spec)
