"""Istio's gateway as processes: real istiod reads the compiled objects, and Envoy is as istiod and its agent configure it.

The ports of the gateway's pods are those of Istio's chart behind its Service; a forwarder stands in for the
load balancer. Envoy is the project's own build, without Istio's filters. Facts are of Istio 1.31.
"""

from __future__ import annotations

import json
import shutil
import socket
from functools import partial

from msgspec import Struct

from live import around_gateway
from live.control_plane import ControlPlane
from live.platforms import Manifest
from live.pods.images import HOME
from live.pods.relay import relay

ISTIO = HOME / "operators/istio"
NAMESPACE = "istio-ingress"
PORTS = {80: 8080, 443: 8443}


class Pods(Struct, frozen=True):
    """The gateway's pods, and the ports of their Service by those of its listeners."""

    account: str  # also the Service's name
    labels: dict[str, str]
    ports: dict[int, int]


EDGES = {
    # As Istio's chart installs it.
    "istio-gateway": Pods("istio-ingressgateway", {"istio": "ingressgateway"}, PORTS),
    # As istiod itself makes it of a Gateway of the class `istio`; its listeners have the pods' ports here.
    "gateway-api-istio": Pods(
        "live-edge-istio",
        {"gateway.networking.k8s.io/gateway-name": "live-edge"},
        {port: port for port in PORTS.values()},
    ),
}
CLASS: Manifest = {
    "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "istio"},
    "spec": {"controllerName": "istio.io/gateway-controller"},
}  # fmt: skip
# For Envoy without Istio's filters.
PLAIN = ("PILOT_ENABLE_METADATA_EXCHANGE=false", "PILOT_ENABLE_ALPN_FILTER=false")
MESH = "defaultConfig: {discoveryAddress: 'istiod.istio-system.svc:15012'}\n"


def start(plane: ControlPlane, pods: Pods, address: str) -> None:
    """istiod, and the gateway at an address with the rights that its chart gives it."""
    plane.apply(
        [around_gateway.namespace("istio-system"), CLASS, *_service(pods, address), *_rights(pods)]
    )
    mesh = plane.place / "mesh.yaml"
    mesh.write_text(MESH)
    plane.start(
        "istiod", "env", *PLAIN, "POD_NAMESPACE=istio-system", "POD_NAME=istiod",
        "PILOT_CERT_PROVIDER=istiod", "INJECTION_WEBHOOK_CONFIG_NAME=",
        "VALIDATION_WEBHOOK_CONFIG_NAME=", ISTIO / "pilot-discovery", "discovery",
        f"--kubeconfig={plane.kubeconfig}", f"--meshConfig={mesh}", "--httpAddr=127.0.0.1:18080", "--log_output_level=default:warn",
    )  # fmt: skip
    authority = "api/v1/namespaces/istio-ingress/configmaps/istio-ca-root-cert"
    plane.until(lambda: _exists(plane, authority), "istiod's authority", 120)
    _start_gateway(plane, pods, plane.get(authority)["data"]["root-cert.pem"], address)
    for port, target in PORTS.items():
        plane.until(partial(listens, address, target), f"listener of Envoy on {target}", 60)
        relay(socket.create_server((address, port), backlog=128), (address, target))


def listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), 1).close()
    except OSError:
        return False
    return True


def _exists(plane: ControlPlane, path: str) -> bool:
    return plane.run("get", "--raw", f"/{path}").returncode == 0


def _service(pods: Pods, address: str) -> list[Manifest]:
    metadata = {"name": pods.account, "namespace": NAMESPACE}
    ports = [{"name": f"port-{port}", "port": port, "targetPort": target}
             for port, target in pods.ports.items()]  # fmt: skip
    spec = {"selector": pods.labels, "ports": ports}
    slice_of = {**metadata, "labels": {"kubernetes.io/service-name": pods.account}}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec},
        {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": slice_of,
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
            "ports": [{"name": port["name"], "port": port["targetPort"]} for port in ports],
        },
    ]  # fmt: skip


def _rights(pods: Pods) -> list[Manifest]:
    """The account of the gateway's pods, which may read the certificates in its namespace."""
    metadata = {"name": pods.account, "namespace": NAMESPACE}
    group = "rbac.authorization.k8s.io"
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "watch", "list"]}]
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": pods.account},
            "subjects": [{"kind": "ServiceAccount", **metadata}],
        },
    ]  # fmt: skip


def _start_gateway(plane: ControlPlane, pods: Pods, authority: str, address: str) -> None:
    """Istio's agent, which finds its files below the folder that it starts in."""
    token = plane.kubectl(
        "create", "token", pods.account, "-n", NAMESPACE, "--audience", "istio-ca"
    )
    labels = "".join(f'{key}="{value}"\n' for key, value in pods.labels.items())
    files = {
        "var/run/secrets/tokens/istio-token": token.strip(),
        "var/run/secrets/istio/root-cert.pem": authority,
        "etc/istio/pod/labels": labels,
        "etc/istio/pod/annotations": "",
    }
    for name, text in files.items():
        path = plane.place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    template = plane.place / "envoy_bootstrap_tmpl.json"
    shutil.copy(ISTIO / template.name, template)
    configuration = {
        "discoveryAddress": "istiod.istio-system.svc:15012", "binaryPath": str(ISTIO / "envoy"),
        "configPath": str(plane.place / "envoy"), "proxyBootstrapTemplatePath": str(template),
    }  # fmt: skip
    plane.start(
        "gateway", "env", "PILOT_CERT_PROVIDER=istiod", "CA_ADDR=istiod.istio-system.svc:15012",
        f"POD_NAME={pods.account}", f"POD_NAMESPACE={NAMESPACE}", f"INSTANCE_IP={address}",
        f"SERVICE_ACCOUNT={pods.account}", "ISTIO_META_CLUSTER_ID=Kubernetes",
        f"ISTIO_META_WORKLOAD_NAME={pods.account}", f"PROXY_CONFIG={json.dumps(configuration)}",
        ISTIO / "pilot-agent", "proxy", "router", f"--domain={NAMESPACE}.svc.cluster.local",
        "--proxyLogLevel=warning", "--log_output_level=default:warn",
    )  # fmt: skip
