"""Istio: a mesh of the platform's namespaces, and the gateway where no other instance is one.

istiod, its CRDs and the gateway's pods are upstream's. The parts of the mesh that follow from
bindings (identities, policies) are derived in derive/mesh.py and derive/authorization.py. Facts
are of Istio 1.30.3.
"""

from collections.abc import Iterator, Mapping
from os.path import dirname
from typing import ClassVar, Literal

from pydantic import Field

from compiler import model
from compiler.components.bases import certificate, istio_charts, istio_gateway
from compiler.interfaces import gateway, mesh
from compiler.spec.settings import CLUSTER_DOMAIN
from compiler.spec.types import Name, Namespace, Release

PHASE = model.Phase.OPERATORS
UPSTREAM_NAMESPACE = True
CLUSTER_SINGLETON = "a cluster has one mesh"
MESH = model.Provides("mesh", mesh.Endpoint)
GATEWAY = model.Provides("gateway", istio_gateway.Endpoint, fallback=True)

# The ports in a pod: of the sidecar and its agent (pilot/cmd/pilot-agent/status/server.go, istioReservedPorts), and
# those on which the node's proxy listens in the pod's own network (architecture/ambient/ztunnel.md).
PORTS = {
    "sidecar": (15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090),
    "ambient": (15001, 15006, 15008, 15053),
}


class Spec(model.ChartSpec):
    """Istio: the mesh, and the gateway where no other instance is one."""

    moved: ClassVar[Mapping[str, str]] = {
        "gateway": "delete it, and add `istio-gateway: {namespace: ..., pods: {labels: ..., "
        "serviceAccount: ...}}` under `spec.components`"
    }
    namespace: Namespace | None = Field(default="istio-system", description="Where istiod runs.")
    release: Release = istio_charts.VERSION
    mtls: Literal["strict", "permissive"] = Field(
        default="strict", description="Whether pods accept nothing but mutual TLS."
    )
    dataplane: Literal["sidecar", "ambient"] = Field(
        default="sidecar", description="A proxy in each pod, or one on each node."
    )
    revision: Name | None = Field(
        default=None, description="The control plane's revision, if it has one."
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    spec = me.spec
    member = mesh.Offer(
        dataplane=spec.dataplane,
        joins=_joins(spec),
        strict=spec.mtls == "strict",
        injected=_sidecar(spec) if spec.dataplane == "sidecar" else (),
        ports=PORTS[spec.dataplane],
    )
    entrance = istio_gateway.offer(me, istio_gateway.LABELS, istio_gateway.ACCOUNT)
    return {MESH: member, GATEWAY: entrance}


def _sidecar(spec: Spec) -> tuple[model.Injected, ...]:
    """The containers that Istio adds to each pod, with the chart values that `prerequisites` prints."""
    return model.injected(dirname(__file__), "Istio", spec.release)


def _joins(spec: Spec) -> dict[str, str]:
    if spec.dataplane == "ambient":
        return {"istio.io/dataplane-mode": "ambient"}
    return {"istio.io/rev": spec.revision} if spec.revision else {"istio-injection": "enabled"}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    if GATEWAY in wiring.offers:
        users = gateway.users(wiring.claims(GATEWAY))
        yield from istio_gateway.objects(me, istio_gateway.LABELS, users)


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite:
    """The charts; their release names determine the labels of the gateway's pods."""
    space = me.namespace
    how = [istio_charts.REPOSITORY, f"kubectl create namespace {space}"]
    for name, chart, values in _charts(me, with_gateway=GATEWAY in wiring.offers):
        how.append(istio_charts.install(name, chart, me.spec.release, space, values))
    return model.Prerequisite(
        name=me.name,
        system="Istio with its CNI plugin: `restricted` namespaces refuse pods that set up their own "
        "network",
        also=certificate.signers(me.settings.tls) if GATEWAY in wiring.offers else (),
        version=me.spec.release,
        running=model.Running(_istiod(me.spec), space, "discovery"),
        namespaces=(space,),
        brings=(istio_charts.CONTROL_PLANE,),
        how=tuple(how),
    )


def _istiod(spec: Spec) -> str:
    """The Deployment of istiod, by the chart."""
    return f"istiod-{spec.revision}" if spec.revision else "istiod"


def _charts(
    me: model.Instance[Spec], *, with_gateway: bool
) -> Iterator[tuple[str, str, list[str]]]:
    """The name, the chart and the values of each release, in order."""
    spec, domain = me.spec, me.settings.cluster.domain
    revision = [f"revision={spec.revision}"] if spec.revision else []
    # istiod knows Services by their names below it.
    domains = [f"global.proxy.clusterDomain={domain}"] if domain != CLUSTER_DOMAIN else []
    yield "istio-base", "base", [f"defaultRevision={spec.revision}"] if spec.revision else []
    if spec.dataplane == "ambient":
        ambient = ["profile=ambient"]
        yield "istiod", "istiod", [*ambient, *domains, *revision]
        yield "cni", "cni", ambient
        yield "ztunnel", "ztunnel", revision
    else:
        # Unless istiod knows of the CNI, it adds a container to each pod that sets up the network as
        # root; and its proxies have no seccomp profile unless it is configured (istio/istio#57004).
        yield "cni", "cni", []
        seccomp = "global.proxy.seccompProfile.type=RuntimeDefault"
        yield "istiod", "istiod", ["pilot.cni.enabled=true", seccomp, *domains, *revision]
    if with_gateway:
        yield istio_gateway.ACCOUNT, "gateway", revision
