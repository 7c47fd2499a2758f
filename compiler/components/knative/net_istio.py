"""Point Knative's own gateways to Istio's gateway, if it is not where net-istio's release expects it.

Facts are of net-istio 1.21: two Gateways in Knative's namespace select the pods of Istio's gateway by
label, a Service in `istio-system` leads to their port for requests from inside the cluster, and
`config-istio` names the Services of both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from compiler import model
from compiler.interfaces import gateway, mesh

MESH = mesh.MEMBER  # in a mesh, its own pods are members
IN_MESH = mesh.Claim(optional=True)
INGRESS = "knative-ingress-gateway"
LOCAL = "knative-local-gateway"  # the Service next to Istio's gateway, and a Gateway
LOCAL_TARGET = 8081  # the port of the gateway's pods behind it (203-local-gateway.yaml)
EXPECTED_NAMESPACE, EXPECTED_LABELS = "istio-system", {"istio": "ingressgateway"}


def moved(entrance: gateway.Endpoint) -> bool:
    """Whether Istio's gateway is at another place than in the release."""
    return entrance.namespace != EXPECTED_NAMESPACE or _labels(entrance) != EXPECTED_LABELS


def _labels(entrance: gateway.Endpoint) -> dict[str, str]:
    return dict(entrance.offer.pods or {})


def config(me: model.Instance[Any], entrance: gateway.Endpoint) -> dict[str, str]:
    """The contents of `config-istio`; empty if the release's contents are right."""
    if not moved(entrance):
        return {}
    services = {
        "external-gateways": (INGRESS, entrance.local(str(entrance.offer.account))),
        "local-gateways": (LOCAL, entrance.local(LOCAL)),
    }
    return {
        key: json.dumps([{"name": name, "namespace": me.namespace, "service": service}])
        for key, (name, service) in services.items()
    }


def further_namespaces(entrance: gateway.Endpoint, member: mesh.Endpoint | None) -> tuple[str, ...]:
    """The namespace of the release's Service, which a mesh elsewhere does not make.

    Without it, the release and Knative's operator fail (203-local-gateway.yaml).
    """
    homes = {entrance.namespace, member.binding.provider.namespace if member else None}
    if member is None or EXPECTED_NAMESPACE in homes:
        return ()
    return (EXPECTED_NAMESPACE,)


def namespace_commands(spaces: tuple[str, ...]) -> Iterator[str]:
    """Commands that create namespaces which may be there."""
    for space in spaces:
        yield f"kubectl create namespace {space} --dry-run=client -o yaml | kubectl apply -f -"


def selectors(entrance: gateway.Endpoint) -> dict[str, model.Manifest]:
    """The labels of the pods behind each of the two Gateways, if they differ from the release's."""
    labels = _labels(entrance)
    if labels == EXPECTED_LABELS:
        return {}
    return {name: {"selector": dict(sorted(labels.items()))} for name in (INGRESS, LOCAL)}


def patches(me: model.Instance[Any], entrance: gateway.Endpoint) -> Iterator[model.Manifest]:
    """Patches of the release's two Gateways."""
    for name, spec in selectors(entrance).items():
        dropped = dict.fromkeys(EXPECTED_LABELS.keys() - spec["selector"].keys())
        yield {
            "apiVersion": "networking.istio.io/v1beta1",
            "kind": "Gateway",
            "metadata": {"name": name, "namespace": me.namespace},
            "spec": {"selector": {**dropped, **spec["selector"]}},
        }


def service(entrance: gateway.Endpoint) -> Iterator[model.Resource]:
    """The Service for requests from inside the cluster, next to the gateway's pods."""
    if moved(entrance):
        yield model.Resource(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {
                    "name": LOCAL,
                    "namespace": entrance.namespace,
                    "labels": {"experimental.istio.io/disable-gateway-port-translation": "true"},
                },
                "spec": {
                    "selector": dict(sorted(_labels(entrance).items())),
                    "ports": [{"name": "http2", "port": 80, "targetPort": LOCAL_TARGET}],
                },
            }
        )
