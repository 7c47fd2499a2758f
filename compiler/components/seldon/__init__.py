"""Seldon Core 1: a SeldonDeployment for each model, whose traffic can be split between two
versions.

1.17.1 is the last release under a free licence. Its initializer reads the store's address from the
Secret, which here holds only keys. So each predictor has an init container with the name that
Seldon looks for, and Seldon keeps it.
"""

from collections.abc import Iterator

from pydantic import Field

from compiler import model
from compiler.components.seldon.deployment import SERVERS, VERSION
from compiler.components.seldon.endpoint import Endpoint
from compiler.interfaces import gateway, mesh, serving
from compiler.spec.types import Image, Namespace, Release

PHASE = model.Phase.OPERATORS
UPSTREAM_NAMESPACE = True
CLUSTER_SINGLETON = "its operator serves the models of every namespace"
SERVING = model.Provides("serving", Endpoint)
GATEWAY, MESH = serving.GATEWAY, serving.MESH
FORMATS = tuple(SERVERS)
UNMAINTAINED = "releases under its free licence ended with 1.17.1 in 2023"
ALTERNATIVES = ("kserve",)
LICENSE_NOTE = (
    "Seldon Core 1.17.1 is the last release under Apache 2.0; from 1.18 on, production needs a "
    "paid licence"
)


class Spec(model.ChartSpec):
    """Seldon Core 1, as an alternative to KServe."""

    namespace: Namespace | None = Field(
        default="seldon-system", description="Where its operator runs."
    )
    release: Release = VERSION
    initializer: Image = Field(
        default="docker.io/seldonio/rclone-storage-initializer:1.17.1",
        description="The image that fetches models.",
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {
        GATEWAY: gateway.Claim(optional=True, has_host=False, splits_canaries=True),
        MESH: mesh.Claim(optional=True),
    }


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {SERVING: serving.Offer(port=0, requires_of_clients=(GATEWAY, MESH))}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    return iter(())  # all its objects belong to models


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite:
    """The chart, without its own routes: the platform creates them."""
    charts = "https://storage.googleapis.com/seldon-charts"
    return model.Prerequisite(
        name=me.name,
        system="Seldon Core",
        version=me.spec.release,
        running=model.Running("seldon-controller-manager", me.namespace, "manager"),
        namespaces=(me.namespace,),
        how=(
            f"kubectl create namespace {me.namespace}",
            f"helm install seldon-core seldon-core-operator --repo {charts} --version {me.spec.release} "
            f"-n {me.namespace} --set istio.enabled=false --wait",
        ),
    )
