"""Upstream systems on the node: the commands of `platformc prerequisites`, with their addresses replaced.

The node reaches no address of upstream's, so each stands here with the file that holds the same, from
the module of the release (operators.sh). Needs of the files that this node cannot meet are left out,
by the tables below, and cert-manager's part is played here: a certificate for each Certificate, and the
authority in each object that asks for its injection.
"""

from __future__ import annotations

import json
import re
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

from cluster.load_balancer import LoadBalancer
from cluster.node import Manifest, Node
from cluster.paths import LIVE

OPERATORS = LIVE / "operators"
ADDRESSES = {
    "https://github.com/kserve/kserve/releases/download/v0.20.0": OPERATORS / "kserve/manifests",
    "https://github.com/argoproj/argo-workflows/releases/download/v4.1.2": OPERATORS
    / "argo/manifests",
    "https://github.com/knative/serving/releases/download/knative-v1.21.1": OPERATORS
    / "knative/manifests",
    "https://github.com/knative-extensions/net-istio/releases/download/knative-v1.21.1": OPERATORS
    / "net_istio/manifests",
    "https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/release-1.30/releases": OPERATORS
    / "cnpg/manifests",
    "https://github.com/cloudnative-pg/plugin-barman-cloud/releases/download/v0.14.0": OPERATORS
    / "barman_cloud/manifests",
}
# Applied as they are: cert-manager's controllers make the certificates that they ask for.
UNCHANGED = (OPERATORS / "barman_cloud/manifests",)
# Stand-ins for a chart that cannot be had: its operator's own release, and a Prometheus like the chart's.
BUNDLE = OPERATORS / "prometheus_operator/manifests/bundle.yaml"
STAND_INS = {
    "helm install kube-prometheus-stack ": (
        f"kubectl create namespace monitoring; kubectl apply --server-side -f {BUNDLE}; "
        f"kubectl rollout status deployment/prometheus-operator --timeout=300s; "
        f"kubectl apply -f {Path(__file__).parent / 'prometheus.yaml'}"
    ),
}
CHARTS = "https://istio-release.storage.googleapis.com/charts"
# Envoy is the project's own build, which lacks Istio's filters: istiod must not send them.
PLAIN_ENVOY = (
    "--set pilot.env.PILOT_ENABLE_METADATA_EXCHANGE=false,pilot.env.PILOT_ENABLE_ALPN_FILTER=false"
    " --set telemetry.enabled=false"
)
# By kind and name: controllers of KServe's language models and of its model cache, and net-istio's webhook, for
# which no image is built here, with the objects that only they answer for.
LEFT_OUT = {
    ("DaemonSet", "kserve-localmodelnode-agent"),
    ("Deployment", "net-istio-webhook"),
    ("MutatingWebhookConfiguration", "webhook.istio.networking.internal.knative.dev"),
    ("ValidatingWebhookConfiguration", "config.webhook.istio.networking.internal.knative.dev"),
    ("Deployment", "kserve-localmodel-controller-manager"),
    ("Deployment", "llmisvc-controller-manager"),
    ("MutatingWebhookConfiguration", "llminferenceservice.serving.kserve.io"),
    ("ValidatingWebhookConfiguration", "llminferenceservice.serving.kserve.io"),
    ("ValidatingWebhookConfiguration", "llminferenceserviceconfig.serving.kserve.io"),
    ("ValidatingWebhookConfiguration", "localmodelcache.serving.kserve.io"),
}
LEFT_OUT_KINDS = ("LLMInferenceServiceConfig",)
# net-istio's controller is of a release that answers no probes.
UNPROBED = ("net-istio-controller",)
CONTAINERS_LEFT_OUT = ("kube-rbac-proxy",)  # it guards metrics, which nothing here asks for
INJECTION = "cert-manager.io/inject-ca-from"


def install(node: Node, platform: Path, environment: str) -> None:
    """Run the printed commands, in their order."""
    with _chart_server() as charts, LoadBalancer(node):
        for command in commands(node, platform, environment):
            node.shell(_fit_chart(command, charts), platform)


@contextmanager
def _chart_server() -> Iterator[str]:
    """The repository of Istio's charts, on a port of this machine."""
    serve = partial(Quiet, directory=str(OPERATORS / "istio/charts"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), serve)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and prints no line for each request."""

    def log_message(self, *args: object) -> None:
        pass


def _fit_chart(command: str, charts: str) -> str:
    envoy = PLAIN_ENVOY if command.startswith("helm install istiod ") else ""
    return f"{command.replace(CHARTS, charts)} {envoy}"


def commands(node: Node, platform: Path, environment: str) -> Iterator[str]:
    """The commands for upstream systems; objects of other administrators are no command of `how`."""
    printed = node.shell(f"platformc prerequisites {environment} --format json", platform)
    for record in json.loads(printed):
        if record["name"] == "cert-manager":  # the tests build its controllers themselves
            continue
        for part in ("first", "how", "then"):
            for command in record.get(part, ()):
                yield _replace_address(node, command)


def _replace_address(node: Node, command: str) -> str:
    for beginning, stand_in in STAND_INS.items():
        if command.startswith(beginning):
            return stand_in
    words = []
    for word in command.split(" "):
        for address, folder in ADDRESSES.items():
            if word.startswith(address):
                file = folder / word.removeprefix(f"{address}/")
                word = str(file if folder in UNCHANGED else _fit(node, file))
        words.append(word)
    assert "https://" not in " ".join(words).replace(CHARTS, ""), (
        f"no file stands for the address in: {command}"
    )
    return " ".join(words)


def _fit(node: Node, file: Path) -> Path:
    """A copy of a release's file for this node."""
    authority = Authority(node.place / "certificates")
    target = node.place / file.name
    documents = re.split(r"^---$", file.read_text(), flags=re.MULTILINE)
    target.write_text("---".join(_fit_document(authority, document) for document in documents))
    return target


def _fit_document(authority: Authority, text: str) -> str:
    """Definitions are megabytes, which take long to read; their conversions are by a webhook that is left
    out."""
    if re.search(r"^kind: CustomResourceDefinition$", text, re.MULTILINE):
        return re.sub(r"^  conversion:\n(?:    .*\n)+", "", text, flags=re.MULTILINE)
    manifest = yaml.load(text, Loader=yaml.CSafeLoader)
    if not manifest or _left_out(manifest):
        return "\n"
    fitted = list(_fit_object(authority, manifest))
    return "\n" + yaml.dump_all(fitted, Dumper=yaml.CSafeDumper)


def _left_out(manifest: Manifest) -> bool:
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    return (kind, name) in LEFT_OUT or kind in (*LEFT_OUT_KINDS, "Issuer")


def _fit_object(authority: Authority, manifest: Manifest) -> Iterator[Manifest]:
    if manifest["kind"] == "Certificate":
        yield authority.secret(manifest)
        return
    if INJECTION in manifest["metadata"].get("annotations", {}):
        for webhook in manifest.get("webhooks", ()):
            webhook["clientConfig"]["caBundle"] = authority.bundle
    if manifest["kind"] == "Deployment":
        pod = manifest["spec"]["template"]["spec"]
        pod["containers"] = [
            container
            for container in pod["containers"]
            if container["name"] not in CONTAINERS_LEFT_OUT
        ]
        if manifest["metadata"]["name"] in UNPROBED:
            for container in pod["containers"]:
                del container["readinessProbe"], container["livenessProbe"]
    yield manifest


class Authority:
    """Signs the certificate that a Certificate asks for."""

    def __init__(self, folder: Path) -> None:
        self.place = folder
        if not (folder / "ca.crt").exists():
            folder.mkdir()
            self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                          "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.crt")  # fmt: skip

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.place, check=True, capture_output=True)

    def _encoded(self, name: str) -> str:
        return b64encode((self.place / name).read_bytes()).decode()

    @property
    def bundle(self) -> str:
        return self._encoded("ca.crt")

    def secret(self, certificate: Manifest) -> Manifest:
        """The Secret that cert-manager would make."""
        spec: dict[str, Any] = certificate["spec"]
        name = spec["secretName"]
        names = ",".join(f"DNS:{dns_name}" for dns_name in spec["dnsNames"])
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                      "-subj", f"/CN={name}", "-CA", "ca.crt", "-CAkey", "ca.key",
                      "-addext", f"subjectAltName={names}",
                      "-keyout", f"{name}.key", "-out", f"{name}.crt")  # fmt: skip
        data = {"ca.crt": self.bundle, "tls.crt": self._encoded(f"{name}.crt"),
                "tls.key": self._encoded(f"{name}.key")}  # fmt: skip
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": name, "namespace": certificate["metadata"]["namespace"]},
            "data": data,
        }
