"""Knative Serving: revisions that scale with their requests, behind Istio's gateways.

The release is upstream's. The required contents of its ConfigMaps follow from the platform: a
domain, the features that the models' pods need, the longest timeout, registries. With `install:
existing` they are a prerequisite; with `install: operator` they are part of the operator's
`KnativeServing`. Facts are of Knative 1.21.1 (knative.dev/serving 0.48), with which KServe 0.20 is
tested.
"""

from collections.abc import Iterator, Mapping
from os.path import dirname
from typing import Literal

from pydantic import Field

from compiler import model
from compiler.components.bases import releases
from compiler.components.knative import config, net_istio, operator_images
from compiler.components.knative.config import Autoscaler
from compiler.interfaces import gateway, serverless
from compiler.spec.types import Namespace, Release

PHASE = model.Phase.OPERATORS
UPSTREAM_NAMESPACE = True
OWN_NAMESPACE = "knative-serving"  # the files of its release name it
CLUSTER_SINGLETON = "its controllers serve every namespace"
GATEWAY, MESH = gateway.ROUTE, net_istio.MESH
SERVERLESS = model.Provides("serverless", serverless.Endpoint)
VERSION = "1.21.1"
KNATIVE_SERVING = model.CustomResource(
    api="operator.knative.dev/v1beta1",
    kind="KnativeServing",
    ready="condition=Ready",
    brings=serverless.KINDS,
    images=("spec", "registry", "override"),
)


class Spec(model.InstanceSpec):
    """Knative Serving, with the settings that the platform needs."""

    namespace: Namespace | None = Field(default=OWN_NAMESPACE, description="Where it runs.")
    release: Release = VERSION
    install: Literal["existing", "operator", "vendored"] = Field(
        default="existing",
        description="`existing`: a prerequisite; `operator`: its operator installs it; `vendored`: "
        "`platformc vendor` brings the release.",
    )
    autoscaler: Autoscaler = Field(default=Autoscaler(), description="How revisions scale.")
    registries: model.ListOf[str] = Field(
        default=(), description="Registries in which Knative does not resolve tags to digests."
    )

    def check(self) -> None:
        if self.install == "vendored":
            releases.check_vendored("Knative", self.namespace, OWN_NAMESPACE)


def claims(me: model.Instance[Spec]) -> model.Claims:
    entrance = gateway.Claim(needs=frozenset({"serverless"}), has_host=False)
    return {GATEWAY: entrance, MESH: net_istio.IN_MESH}


def offers(me: model.Instance[Spec]) -> model.Offers:
    queue_proxy = model.injected(dirname(__file__), "Knative", me.spec.release)
    return {SERVERLESS: serverless.Offer(port=0, injected=queue_proxy)}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    # Activator, autoscaler, controller, webhook; a revision's own are on its queue-proxy.
    servers = model.OperatorPods("servers", {"app.kubernetes.io/name": "knative-serving"})
    yield model.Metrics(pods=servers, port=9090)
    yield from net_istio.service(wiring[GATEWAY])
    if me.spec.install == "operator":
        yield _serving(me, wiring)


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite | None:
    """Knative Serving and its Istio layer, or the operator that installs both."""
    if me.spec.install == "vendored":
        return None
    return _operator(me, wiring) if me.spec.install == "operator" else _release(me, wiring)


def _operator(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite:
    return model.Prerequisite(
        name=me.name,
        system="Knative Operator",
        version=me.spec.release,
        running=_running(me),
        namespaces=("knative-operator", me.namespace, *_further(wiring)),
        how=(
            f"kubectl apply -f {_address(me, 'knative/operator')}/operator.yaml",
            f"kubectl create namespace {me.namespace}",
            *net_istio.namespace_commands(_further(wiring)),
            # The webhook converts a KnativeServing between the versions of its API.
            "kubectl -n knative-operator rollout status deployment/knative-operator",
            "kubectl -n knative-operator rollout status deployment/operator-webhook",
        ),
        objects=tuple(_namespace(me, wiring)),
    )


def _address(me: model.Instance[Spec], repository: str) -> str:
    """The address of the release's files in a repository of Knative's."""
    return f"https://github.com/{repository}/releases/download/knative-v{me.spec.release}"


def _release(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite:
    return model.Prerequisite(
        name=me.name,
        system="Knative Serving with net-istio",
        version=me.spec.release,
        brings=(serverless.KINDS,),
        running=_running(me),
        namespaces=(me.namespace, *_further(wiring)),
        how=_commands(me, wiring),
        objects=(
            *_namespace(me, wiring),
            *_config_maps(me, wiring),
            *_activator(me, wiring),
            *net_istio.patches(me, wiring[GATEWAY]),
        ),
    )


def _commands(me: model.Instance[Spec], wiring: model.Wiring) -> tuple[str, ...]:
    if me.namespace != OWN_NAMESPACE:
        return releases.by_distribution("Knative", me.namespace, OWN_NAMESPACE)
    serving = _address(me, "knative/serving")
    layer = _address(me, "knative-extensions/net-istio")
    return (
        *net_istio.namespace_commands(_further(wiring)),
        f"kubectl apply -f {serving}/serving-crds.yaml",
        f"kubectl apply -f {serving}/serving-core.yaml",
        f"kubectl apply -f {layer}/net-istio.yaml",
        f"kubectl -n {OWN_NAMESPACE} rollout status deployment/webhook",
        # The webhook judges each change of the settings, and may refuse all of them a moment longer:
        # kube-proxy learns of a ready pod after kubectl.
        f"until kubectl annotate configmap config-features -n {OWN_NAMESPACE} "
        "webhook=answers --dry-run=server ; do sleep 2; done",
    )


def _further(wiring: model.Wiring) -> tuple[str, ...]:
    return net_istio.further_namespaces(wiring[GATEWAY], wiring.get(MESH))


def _running(me: model.Instance[Spec]) -> model.Running:
    """The Deployment with the release as a label; the images have only digests."""
    return model.Running("controller", me.namespace)


def _namespace(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Manifest]:
    """The namespace in the mesh: strict mutual TLS needs the activator and the autoscaler there."""
    member = wiring.get(MESH)
    if member is not None:
        yield member.joined(me.namespace)


def _config_maps(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Manifest]:
    for suffix, data in config_data(me, wiring).items():
        yield {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"config-{suffix}", "namespace": me.namespace},
            "data": data,
        }


def _activator(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Manifest]:
    """The activator carries requests, so it must not end before the longest one does.

    The operator's `KnativeServing` has no field for this, and the operator would undo a patch.
    """
    longest = config.longest_request(_claims(wiring))
    if longest > config.MOST_SECONDS:
        yield {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "activator", "namespace": me.namespace},
            "spec": {"template": {"spec": {"terminationGracePeriodSeconds": longest}}},
        }


def _serving(me: model.Instance[Spec], wiring: model.Wiring) -> model.Resource:
    metadata = {"name": "knative-serving", "namespace": me.namespace}
    images, settings = _images(me), dict(config_data(me, wiring))
    if images:
        proxy = {"queue-sidecar-image": images[operator_images.PROXY]}
        settings["deployment"] = {**settings.get("deployment", {}), **proxy}
    spec = {
        "version": me.spec.release,
        "ingress": {"istio": {"enabled": True, **net_istio.selectors(wiring[GATEWAY])}},
        "config": settings,
        **({"registry": {"override": dict(images)}} if images else {}),
    }
    return model.Resource.of(KNATIVE_SERVING, metadata, spec)


def _images(me: model.Instance[Spec]) -> Mapping[str, str]:
    """The images that the operator pulls from a mirror, by their names at upstream; none without a mirror."""
    return operator_images.IMAGES.get(me.spec.release, {}) if me.settings.registry.mirrors else {}


def config_data(me: model.Instance[Spec], wiring: model.Wiring) -> Mapping[str, dict[str, str]]:
    """The required contents of each ConfigMap `config-<suffix>`."""
    return config.contents(me, _claims(wiring), wiring[GATEWAY])


def _claims(wiring: model.Wiring) -> list[serverless.Claim]:
    """The claims of all models."""
    return [binding.claim for binding in wiring.claims(SERVERLESS)]
