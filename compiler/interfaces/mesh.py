"""Istio's objects, by its release 1.30.3: who reaches what in the mesh, and over which connections."""

from __future__ import annotations

from compiler.model import CustomResource, Effect, FieldChange, Manifest, Resource, Risk

# The pods of istiod, and its port for sidecars.
ISTIOD, DISCOVERY = {"app": "istiod"}, 15012
# Ports of each sidecar: merged metrics, readiness, Envoy's own metrics. The kubelet's probes of the
# program arrive at the first one.
SIDECAR = (15020, 15021, 15090)
TUNNEL = 15008  # carries all traffic between pods of an ambient mesh
PROBES = "169.254.7.127/32"  # the source address of the kubelet's probes in an ambient mesh
NAMESPACE_LABELS = "istio"  # the beginning of the labels by which a namespace joins the mesh

_AT_ONCE = Effect("spec(/.*)?", Risk.RELOAD, "the mesh takes it over at once")


def _strict(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return "STRICT" in str(change.after)


def _host_gone(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    """Whether a host name that was answered no longer is."""
    return not set(change.before or ()) <= set(change.after or ())


GATEWAY = CustomResource(api="networking.istio.io/v1", kind="Gateway", effects=(_AT_ONCE,))
VIRTUAL_SERVICE = CustomResource(
    api="networking.istio.io/v1",
    kind="VirtualService",
    effects=(
        Effect("spec/hosts", Risk.DOWNTIME,
               "the old address is answered no more: people and clients need the new one",
               when=_host_gone),
        _AT_ONCE,
    ),
)  # fmt: skip
SERVICE_ENTRY = CustomResource(
    api="networking.istio.io/v1", kind="ServiceEntry", is_rule=True, effects=(_AT_ONCE,)
)
AUTHORIZATION_POLICY = CustomResource(
    api="security.istio.io/v1", kind="AuthorizationPolicy", is_rule=True, effects=(_AT_ONCE,)
)
PEER_AUTHENTICATION = CustomResource(
    api="security.istio.io/v1",
    kind="PeerAuthentication",
    is_rule=True,
    effects=(
        Effect("spec(/.*)?", Risk.DOWNTIME, "clients without a sidecar are refused",
               when=_strict),
        _AT_ONCE,
    ),
)  # fmt: skip


def peer_authentication(name: str, namespace: str, spec: Manifest) -> Resource:
    """The connections that some pods accept; those of a whole namespace where none are selected."""
    return Resource.of(PEER_AUTHENTICATION, {"name": name, "namespace": namespace}, spec)


def authorization_policy(name: str, namespace: str, spec: Manifest) -> Resource:
    """The callers of some pods, or of all pods of a namespace."""
    return Resource.of(AUTHORIZATION_POLICY, {"name": name, "namespace": namespace}, spec)


def service_entry(name: str, namespace: str, spec: Manifest) -> Resource:
    """A service outside the mesh."""
    return Resource.of(SERVICE_ENTRY, {"name": name, "namespace": namespace}, spec)
