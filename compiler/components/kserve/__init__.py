"""KServe: an InferenceService for each model, serverless on Knative or as plain Deployments.

The release is upstream's. The mode is written on every InferenceService, because it cannot change
later and the shipped ConfigMap has another default. Facts are of KServe 0.20.0, whose controller
serves metrics only inside its pod (`--metrics-addr=127.0.0.1:8080` in its release).
"""

import json
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from compiler import model
from compiler.components.bases import releases
from compiler.components.knative.net_istio import LOCAL
from compiler.components.kserve.added import FETCHER, VERSION
from compiler.components.kserve.endpoint import Endpoint
from compiler.components.kserve.kinds import MODES
from compiler.components.kserve.runtimes import RUNTIMES
from compiler.interfaces import cert_manager, gateway, mesh, serverless, serving
from compiler.spec.types import Name, Namespace, Release

PHASE = model.Phase.OPERATORS
UPSTREAM_NAMESPACE = True
OWN_NAMESPACE = "kserve"  # its files name it, also in their webhooks and certificates
CONTROLLER, EXPECTED_KNATIVE = "kserve-controller-manager", "knative-serving"
CLUSTER_SINGLETON = "its controller serves the models of every namespace"
SERVING = model.Provides("serving", Endpoint)
SERVERLESS, GATEWAY, MESH = serving.SERVERLESS, serving.GATEWAY, serving.MESH
FORMATS = tuple(dict.fromkeys(name.lower() for runtime in RUNTIMES for name in runtime.formats))
OLDEST_KUBERNETES = model.OldestKubernetes(
    32, "KServe 0.20 asks for 1.32 (kserve.github.io, admin guide)"
)
# The key `ingress` as the release has it. KServe's manager does not start without `ingressGateway`,
# in any mode, so these settings are added to upstream's.
SHIPPED_INGRESS = {
    "disableHTTPRouteTimeout": False,
    "disableIngressCreation": False,
    "disableIstioVirtualHost": False,
    "domainTemplate": "{{ .Name }}-{{ .Namespace }}.{{ .IngressDomain }}",
    "enableGatewayApi": False,
    "ingressClassName": "istio",
    "ingressGateway": "knative-serving/knative-ingress-gateway",
    "kserveIngressGateway": "kserve/kserve-ingress-gateway",
    "localGateway": "knative-serving/knative-local-gateway",
    "localGatewayService": "knative-local-gateway.istio-system.svc.cluster.local",
    "urlScheme": "http",
}

Formats = Annotated[model.ListOf[str], Field(min_length=1)]


class Spec(model.UpstreamSpec):
    """KServe, and the mode in which it runs models."""

    namespace: Namespace | None = Field(
        default=OWN_NAMESPACE, description="Where its controller runs."
    )
    release: Release = VERSION
    mode: Literal["serverless", "standard"] = Field(
        default="serverless",
        description="`serverless`: scales to zero, splits traffic, needs `knative` and `istio`; "
        "`standard`: Deployments alone. Another mode makes every model anew.",
    )
    runtimes: dict[Name, Formats] = Field(
        default={}, description="Serving runtimes of your own, with the formats they read."
    )

    def check(self) -> None:
        if self.install == "vendored":
            releases.check_vendored("KServe", self.namespace, OWN_NAMESPACE)


def claims(me: model.Instance[Spec]) -> model.Claims:
    in_mesh = {MESH: mesh.Claim(optional=True)}
    if me.spec.mode == "standard":
        return {GATEWAY: gateway.Claim(optional=True, has_host=False), **in_mesh}
    help = (
        f"`mode: serverless` needs `istio: {{}}` and `knative: {{}}` under `spec.components`; or write "
        f"`mode: standard` on `{me.name}`"
    )
    entrance = gateway.Claim(needs=frozenset({"serverless"}), has_host=False, help=help)
    return {SERVERLESS: serverless.Claim(help=help), GATEWAY: entrance, **in_mesh}


def offers(me: model.Instance[Spec]) -> model.Offers:
    entailed = (SERVERLESS, GATEWAY, MESH)
    return {SERVING: serving.Offer(port=0, requires_of_clients=entailed)}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    return iter(())  # all its objects belong to models


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite | None:
    """The release, with a server-side apply: one of its CRDs is too large for an annotation."""
    if me.spec.install != "existing":
        return None
    return model.Prerequisite(
        name=me.name,
        system="KServe",
        version=me.spec.release,
        running=model.Running(CONTROLLER, me.namespace, "manager"),
        namespaces=(me.namespace,),
        how=_commands(me),
        also=(f"{cert_manager.NAME} 1.15 or later",),
        # It keeps what it learned at its start (pkg/utils/utils.go, GetAvailableResourcesForApi), and refuses
        # every model if there was no Knative (`ServerlessModeRejected`).
        looks_once_for=(serverless.KINDS,) if me.spec.mode == "serverless" else (),
        objects=(_config(me, wiring), _storage_container(), *_controller(me, wiring)),
    )


def _commands(me: model.Instance[Spec]) -> tuple[str, ...]:
    if me.namespace != OWN_NAMESPACE:
        return releases.by_distribution("KServe", me.namespace, OWN_NAMESPACE)
    release = f"https://github.com/kserve/kserve/releases/download/v{me.spec.release}"
    apply = "kubectl apply --server-side --force-conflicts -f"
    return (
        f"kubectl create namespace {OWN_NAMESPACE}",  # the release has none
        f"{apply} {release}/kserve-crds.yaml",
        f"{apply} {release}/kserve.yaml",
        f"kubectl -n {OWN_NAMESPACE} rollout status deployment/{CONTROLLER}",
        # Its webhook may refuse a moment longer: kube-proxy learns of a ready pod after kubectl.
        f"until {apply} {release}/kserve-cluster-resources.yaml ; do sleep 2; done",
    )


def _controller(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Manifest]:
    """The controller's variable for Knative's namespace: without its ConfigMap `config-autoscaler`, it
    serves no model (pkg/constants/constants.go, CheckZeroInitialScaleAllowed).
    """
    knative = wiring.get(SERVERLESS)
    if knative is None or knative.namespace == EXPECTED_KNATIVE:
        return
    env = [{"name": "KNATIVE_CONFIG_AUTOSCALER_NAMESPACE", "value": knative.namespace}]
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": CONTROLLER, "namespace": me.namespace},
        "spec": {"template": {"spec": {"containers": [{"name": "manager", "env": env}]}}},
    }


def _config(me: model.Instance[Spec], wiring: model.Wiring) -> model.Manifest:
    """Two complete keys of `inferenceservice-config`; each value is JSON in a string."""
    data = {
        "deploy": {"defaultDeploymentMode": MODES[me.spec.mode]},
        "ingress": _ingress(me, wiring),
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "inferenceservice-config", "namespace": me.namespace},
        "data": {key: json.dumps(value, sort_keys=True) for key, value in data.items()},
    }


def _ingress(me: model.Instance[Spec], wiring: model.Wiring) -> dict[str, object]:
    if me.spec.mode == "standard":
        # The platform routes to the predictors itself, where it has a gateway. Without Istio's
        # definitions KServe reconciles no model that may ask for a VirtualService. The model's status shows
        # the platform's host for it; upstream's template joins name and namespace to a label, of which KServe
        # refuses more than 63 characters (reconcilers/ingress/domain.go).
        return {
            **SHIPPED_INGRESS,
            "disableIngressCreation": True,
            "disableIstioVirtualHost": True,
            "domainTemplate": "{{ .Name }}.{{ .IngressDomain }}",
            "ingressDomain": me.settings.domain,
        }
    knative = wiring[SERVERLESS].namespace
    return {
        **SHIPPED_INGRESS,
        "ingressDomain": me.settings.domain,
        "ingressGateway": f"{knative}/knative-ingress-gateway",
        "knativeLocalGatewayService": wiring[GATEWAY].local(LOCAL),
        "localGateway": f"{knative}/knative-local-gateway",
        "localGatewayService": wiring[GATEWAY].local(LOCAL),
    }


def _storage_container() -> model.Manifest:
    """The container that downloads models, with a security context."""
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ClusterStorageContainer",
        "metadata": {"name": "default"},
        "spec": {"container": {"securityContext": FETCHER}},
    }
