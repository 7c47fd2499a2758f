"""An Ingress class: an Ingress for each host, by a controller that is in the cluster already.

The Ingress API has no redirect of plain HTTP and hides no paths: the redirect and the refusal of paths are the
controller's own, and a store's host leads to the platform's buckets alone. Facts: k3s runs Traefik 3 in `kube-system`;
ingress-nginx 1.14 redirects hosts with a certificate unless it is configured otherwise, and refuses
bodies of more than 1 MiB.
"""

from collections.abc import Iterator

from pydantic import Field

from compiler import model
from compiler.components.bases import certificate
from compiler.components.bases.gateway_pods import Pods
from compiler.components.ingress import objects
from compiler.components.ingress.controllers import CONTROLLERS, Controller
from compiler.interfaces import gateway
from compiler.spec.types import Name, Namespace

PHASE = model.Phase.OPERATORS
UPSTREAM_NAMESPACE = True
GATEWAY = model.Provides("gateway", objects.Endpoint)


class Spec(model.InstanceSpec):
    """An Ingress class."""

    namespace: Namespace | None = Field(
        default="kube-system", description="Where the controller's pods run."
    )
    class_name: Name = Field(
        default="traefik", alias="class", description="The IngressClass of the hosts."
    )
    controller: Controller = Field(
        default="traefik",
        description="The controller; it decides the annotations. With `other`, the redirect of plain "
        "HTTP and limits of bodies are as the controller is configured, and no page has hidden paths.",
    )
    pods: Pods = Field(default=Pods(), description="The controller's pods.")


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    offer = gateway.Offer(
        port=0,
        pods=me.spec.pods.labels or CONTROLLERS[me.spec.controller].labels,
        account=me.spec.pods.service_account,
        scheme="https" if me.settings.tls else "http",
        carries=frozenset({"hidden"} if CONTROLLERS[me.spec.controller].refusal else ()),
    )
    return {GATEWAY: offer}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    return iter(())  # each host has objects where its Service is


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite:
    facts = CONTROLLERS[me.spec.controller]
    return model.Prerequisite(
        name=me.name,
        system=f"{facts.system}, for the IngressClass `{me.spec.class_name}`",
        version=facts.version,
        namespaces=(me.namespace,),
        how=(),  # it is in the cluster already, as each distribution installs its own
        also=certificate.signers(me.settings.tls),
    )
