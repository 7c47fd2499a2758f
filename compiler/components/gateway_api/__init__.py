"""A gateway of the Gateway API: a Gateway of any class, and an HTTPRoute for each host.

The class and its controller are in the cluster already. Facts: Gateway API 1.6.1; Traefik 3.6, which
k3s ships in `kube-system`; its listeners must have the ports of its entry points (its Helm chart: 8000
and 8443). Controllers that start pods for each Gateway label them with its name (GEP-1762).
"""

from collections.abc import Iterator

from pydantic import Field

from compiler import model
from compiler.components.bases import certificate, gateway_name
from compiler.components.bases.gateway_pods import Pods
from compiler.components.gateway_api import objects
from compiler.interfaces import gateway
from compiler.spec.types import Name, Namespace, Port

PHASE = model.Phase.OPERATORS
UPSTREAM_NAMESPACE = True
GATEWAY = model.Provides("gateway", objects.Endpoint)
VERSION = "1.6.1"
RELEASE = (
    "https://github.com/kubernetes-sigs/gateway-api/releases/download/"
    f"v{VERSION}/standard-install.yaml"
)
TRAEFIK = "traefik"


class PodsAnywhere(Pods):
    """The pods of the controller, which some controllers start in a namespace of theirs."""

    namespace: Namespace | None = Field(
        default=None, description="Their namespace, if it is not the Gateway's."
    )


class Spec(model.InstanceSpec):
    """A gateway of the Gateway API."""

    namespace: Namespace | None = Field(default="kube-system", description="Where the Gateway is.")
    class_name: Name = Field(
        default=TRAEFIK, alias="class", description="The GatewayClass of the controller."
    )
    pods: PodsAnywhere = Field(
        default=PodsAnywhere(),
        description="The controller's pods; the default labels are those of Traefik's chart for "
        "the class `traefik`, else the label with the Gateway's name.",
    )
    http_port: Port | None = Field(
        default=None,
        description="The listener for plain HTTP; default: 8000 for `traefik`, else 80.",
    )
    https_port: Port | None = Field(
        default=None, description="The listener for HTTPS; default: 8443 for `traefik`, else 443."
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    offer = gateway.Offer(
        port=0,
        pods=me.spec.pods.labels or _labels(me),
        account=me.spec.pods.service_account,
        scheme="https" if me.settings.tls else "http",
        carries=objects.CARRIES,
        namespace=me.spec.pods.namespace,
    )
    return {GATEWAY: offer}


def problems(me: model.Instance[Spec]) -> Iterator[model.Problem]:
    yield from gateway_name.problems(me, objects.name(me))
    plain, secure = _ports(me.spec)
    if me.settings.tls is not None and plain == secure:
        yield model.Problem(
            "invalid-value",
            f"`{me.name}` listens on {plain} for plain HTTP and for HTTPS, and a port has one protocol",
            ("httpPort",) if me.spec.http_port else ("httpsPort",),
            "write two different ports",
        )


def _ports(spec: Spec) -> tuple[int, int]:
    """The ports for plain HTTP and for HTTPS. Listeners with two protocols on a port conflict (1.6,
    gateway_types.go).
    """
    plain, secure = (8000, 8443) if spec.class_name == TRAEFIK else (80, 443)
    return spec.http_port or plain, spec.https_port or secure


def _labels(me: model.Instance[Spec]) -> dict[str, str]:
    if me.spec.class_name == TRAEFIK:
        return {"app.kubernetes.io/name": TRAEFIK}
    return {"gateway.networking.k8s.io/gateway-name": objects.name(me)}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    users = gateway.users(wiring.claims(GATEWAY))
    yield from objects.gateway(me, me.spec.class_name, _ports(me.spec), users)


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite:
    return model.Prerequisite(
        name=me.name,
        system="The Gateway API",
        also=certificate.signers(me.settings.tls),
        later=(f"a controller with the GatewayClass `{me.spec.class_name}`",),
        version=VERSION,
        namespaces=(me.namespace,),
        how=(
            *(
                []
                if me.namespace.startswith("kube-")
                else [f"kubectl create namespace {me.namespace}"]
            ),
            f"kubectl apply --server-side -f {RELEASE}",
        ),
    )
