"""Istio between the pods of a platform and in front of it: the gateway's certificate comes from
cert-manager, bindings work under strict mutual TLS, and strangers are refused."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest

from cluster.node import Node
from cluster.platforms import deliver, gateway_address, install_certificates
from cluster.pods import python

pytestmark = [pytest.mark.live, pytest.mark.cluster, pytest.mark.soak]

HOST = "mlflow.ml.example.internal"
SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: meshed}
spec:
  domain: ml.example.internal
  tls: {issuer: {name: internal-ca}}
  silence:
    - {code: open-ui, reason: the test asks for the page without a browser}
  components:
    seaweedfs: {storage: 2Gi}
    postgres: {storage: 1Gi}
    pgbouncer: {}
    mlflow: {workers: 1, expose: true}
    istio: {mtls: strict}
"""
REQUEST = """\
import time, urllib.error, urllib.request
for attempt in range(20):
    try:
        print(urllib.request.urlopen("http://mlflow.mlops:5000/version", timeout=5).status)
        break
    except urllib.error.HTTPError as error:
        print(error.code)
        break
    except OSError as error:
        answer = str(error)
        time.sleep(1)
else:
    print(answer)
"""


@pytest.fixture(scope="module")
def platform(node: Node, folder: Path) -> Node:
    install_certificates(node)
    deliver(node, folder, SPEC)
    return node


def test_every_pod_has_a_proxy_and_the_run_is_logged(platform: Node) -> None:
    platform.until_complete("mlops", "app.kubernetes.io/instance=mlflow-smoke", 600)
    logs = ("logs", "-n", "mlops", "-l", "app.kubernetes.io/instance=mlflow-smoke", "-c", "main")
    assert "Run logged successfully!" in platform.kubectl(*logs)
    for pod in platform.get("pods", "-n", "mlops")["items"]:
        names = [init_container["name"] for init_container in pod["spec"]["initContainers"]]
        assert "istio-proxy" in names, pod["metadata"]["name"]
        assert "istio-init" not in names
    platform.until_well(300)


def test_the_gateway_serves_pages_under_the_derived_host(platform: Node) -> None:
    address = gateway_address(platform)
    secure = ("--cacert", "/dev/stdin", "--resolve", f"{HOST}:443:{address}")
    page = platform.on_node(
        "curl", "-fsS", *secure, f"https://{HOST}/version", stdin=_authority(platform)
    )
    assert page.startswith("3.")
    plain = ("-sS", "-o", "/dev/null", "-w", "%{http_code}", "--resolve", f"{HOST}:80:{address}")
    assert platform.on_node("curl", *plain, f"http://{HOST}/version") == "301"


def test_a_consumer_is_let_in_and_strangers_are_not(platform: Node) -> None:
    """All have the label of the network policy; only their identity in the mesh differs."""
    assert _answer(platform, "consumer", "mlflow-smoke", proxy=True) == "200"
    assert _answer(platform, "other-account", "default", proxy=True) == "403"
    assert "reset" in _answer(platform, "no-identity", "mlflow-smoke", proxy=False)


def _authority(node: Node) -> bytes:
    return b64decode(node.get("secret", "authority", "-n", "cert-manager")["data"]["ca.crt"])


def _answer(node: Node, name: str, account: str, *, proxy: bool) -> str:
    """The answer of MLflow to a pod with this account, with or without a proxy of the mesh."""
    labels = {
        "uses.platformc.dev/mlflow-tracking": "true",
        "sidecar.istio.io/inject": str(proxy).lower(),
    }
    return node.run(python(name, REQUEST, labels=labels, account=account), 120).splitlines()[-1]
