"""A gateway of Istio in a namespace of its choice, by Istio's Gateway and VirtualService.

The gateway's pods are upstream's chart. istiod must run in the cluster; whether the platform's
namespaces are in the mesh is another matter, for which there is `istio`. Facts are of Istio 1.30.3.
"""

from collections.abc import Iterator

from pydantic import Field

from compiler import model
from compiler.components.bases import certificate, gateway_name, istio_charts, istio_gateway
from compiler.components.bases.gateway_pods import Pods
from compiler.interfaces import gateway
from compiler.spec.types import Name, Namespace, Release

PHASE = model.Phase.OPERATORS
UPSTREAM_NAMESPACE = True
GATEWAY = model.Provides("gateway", istio_gateway.Endpoint)


class Spec(model.ChartSpec):
    """A gateway of Istio, in a namespace and with labels of the spec."""

    namespace: Namespace | None = Field(default="istio-ingress", description="Where its pods run.")
    release: Release = istio_charts.VERSION
    pods: Pods = Field(
        default=Pods(),
        description="Its pods; the default labels and account are those of Istio's release, "
        "`istio: ingressgateway` and `istio-ingressgateway`.",
    )
    revision: Name | None = Field(
        default=None, description="The control plane's revision, if it has one."
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {GATEWAY: istio_gateway.offer(me, _labels(me.spec), _account(me.spec))}


def problems(me: model.Instance[Spec]) -> Iterator[model.Problem]:
    return gateway_name.problems(me, istio_gateway.object_name(me))


def _labels(spec: Spec) -> dict[str, str]:
    return spec.pods.labels or istio_gateway.LABELS


def _account(spec: Spec) -> str:
    return spec.pods.service_account or istio_gateway.ACCOUNT


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    users = gateway.users(wiring.claims(GATEWAY))
    yield from istio_gateway.objects(me, _labels(me.spec), users)


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite:
    """The chart of the gateway; its release name determines the labels of the pods."""
    space, spec = me.namespace, me.spec
    values = [*_values(spec), *([f"revision={spec.revision}"] if spec.revision else [])]
    return model.Prerequisite(
        name=me.name,
        system="A gateway of Istio",
        also=certificate.signers(me.settings.tls),
        version=spec.release,
        namespaces=(space,),
        awaits=(istio_charts.CONTROL_PLANE,),
        how=(
            istio_charts.REPOSITORY,
            f"kubectl create namespace {space}",
            istio_charts.install(_account(spec), "gateway", spec.release, space, values),
        ),
    )


def _values(spec: Spec) -> Iterator[str]:
    """Labels that the chart does not derive from the release's name."""
    shipped = {
        "app": _account(spec),
        "istio": _account(spec).removeprefix("istio-"),
    }
    for key, value in sorted(_labels(spec).items()):
        if shipped.get(key) != value:
            yield "labels." + key.replace(".", "\\.") + f"={value}"
