"""Istio's objects, by its release 1.30.3: its gateways, and the policies of its mesh."""

from __future__ import annotations

from compiler.interfaces.gateway import host_effects
from compiler.kube.guards import HOST
from compiler.model import CustomResource, Effect, FieldChange, Manifest, Resource, Risk

# The pods of istiod, and its port for sidecars.
ISTIOD, DISCOVERY = {"app": "istiod"}, 15012
TUNNEL = 15008  # carries all traffic between pods of an ambient mesh
PROBES = "169.254.7.127/32"  # the source address of the kubelet's probes in an ambient mesh
# Of the identities in a policy: a pointer to the mesh's trust domain, whichever that is, for sidecars
# (pilot/pkg/security/trustdomain/bundle.go); and in the chart the trust domain itself, which an ambient mesh
# compares. The cluster's domain has no part in it.
TRUST_DOMAIN = "cluster.local"
NAMESPACE_LABELS = "istio"  # the beginning of the labels by which a namespace joins the mesh

_AT_ONCE = Effect("spec(/.*)?", Risk.RELOAD, "the mesh takes it over at once")


def _strict(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return "STRICT" in str(change.after)


GATEWAY = CustomResource(api="networking.istio.io/v1", kind="Gateway", effects=(_AT_ONCE,))
VIRTUAL_SERVICE = CustomResource(
    api="networking.istio.io/v1",
    kind="VirtualService",
    guards=HOST,
    effects=host_effects("spec/hosts"),
)
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
    """The connections that some pods accept, or all pods of a namespace if none are selected."""
    return Resource.of(PEER_AUTHENTICATION, {"name": name, "namespace": namespace}, spec)


def authorization_policy(name: str, namespace: str, spec: Manifest) -> Resource:
    """The callers of some pods, or of all pods of a namespace."""
    return Resource.of(AUTHORIZATION_POLICY, {"name": name, "namespace": namespace}, spec)


def service_entry(name: str, namespace: str, spec: Manifest) -> Resource:
    """A service outside the mesh."""
    return Resource.of(SERVICE_ENTRY, {"name": name, "namespace": namespace}, spec)
