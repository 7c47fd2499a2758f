"""Models that ask for tokens: real oauth2-proxy as compiled, and tokens that a real API server issues.

A server that prints its requests stands in for the models, whose pods KServe makes. The gateway
has no part in it: the requests are those that it would send on.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from live.control_plane import ControlPlane
from live.platforms import Manifest, Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

SPEC = """
  machines: {issuer: "https://kubernetes.default.svc.cluster.local", keys: KEYS}
  components:
    seaweedfs: {}
    kserve: {mode: standard}
    istio: {}
  models:
    churn: {format: sklearn, uri: "s3://models/churn", access: token, callers: [billing/invoices]}
    iris: {format: sklearn, uri: "s3://models/iris", access: token, callers: [billing/invoices]}
  workloads:
    program: {image: "registry.example.internal/program:1.0.0", command: [python]}
"""
MODEL = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{self.headers['host']} {self.path} {body.decode()}".encode())


ThreadingHTTPServer(("0.0.0.0", 8080), Model).serve_forever()
"""
# Ask with each token, by the Host header that the gateway leaves alone.
ASK = """
import json, requests
for model, token in REQUESTS:
    headers = {"Host": f"{model}.ml.example.internal"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer = requests.post(f"http://{model}-token:4180/v1/models/{model}:predict", data="{}",
                           headers=headers, allow_redirects=False)
    print(answer.status_code, answer.text.strip())
"""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
EVERYWHERE = """
import requests
answers = set()
for path in PATHS:
    for method in METHODS:
        answer = requests.request(method, "http://churn-token:4180" + path, allow_redirects=False)
        answers.add((answer.status_code, answer.text.strip()))
print(sorted(answers))
"""
PATHS = ("/", "/v1/models", "/v1/models/churn", "/v1/models/churn:predict", "/v2/health/ready",
         "/v2/models/churn/infer", "/openai/v1/completions", "/metrics", "/..//v1/models",
         "/%2e%2e/v1/models", "//v1/models", "/oauth2/../v1/models")  # fmt: skip


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster that issues tokens, with two accounts of a namespace outside the platform."""
    cluster = ControlPlane(tmp_path_factory.mktemp("cluster"))
    cluster.kubectl("create", "namespace", "billing")
    for account in ("invoices", "reports"):
        cluster.kubectl("-n", "billing", "create", "serviceaccount", account)
    yield cluster
    cluster.close()


def public_key(cluster: ControlPlane) -> str:
    command = ["openssl", "ec", "-in", str(cluster.place / "service-accounts.key"), "-pubout"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def stand_in(model: str) -> Iterator[Manifest]:
    """A server in place of the pods that KServe makes, behind the Service that it makes."""
    metadata: Manifest = {"name": f"{model}-predictor", "namespace": "mlops"}
    labels = {"app": model}
    container: dict[str, Any] = {
        "name": "model", "image": "registry.example.internal/model:1.0.0",
        "command": ["python", "-c", MODEL], "readinessProbe": {"tcpSocket": {"port": 8080}},
    }  # fmt: skip
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    ports = [{"port": 80, "targetPort": 8080}]
    yield {"kind": "Service", "metadata": metadata, "spec": {"selector": labels, "ports": ports}}
    yield {
        "kind": "Deployment", "metadata": metadata, "spec": {"replicas": 1, "template": template},
    }  # fmt: skip


@pytest.fixture(scope="module")
def checks(cluster: ControlPlane, node: Node, folder: Path) -> Node:
    """The checks before two models, and the servers behind them."""
    spec = SPEC.replace("KEYS", json.dumps(public_key(cluster)))
    objects = Platform(folder).write(spec).compile()
    compiled_checks = [manifest for manifest in objects if "-token" in manifest["metadata"]["name"]]
    program = [manifest for manifest in objects if manifest["metadata"]["name"] == "program"]
    models = [manifest for model in ("churn", "iris") for manifest in stand_in(model)]
    node.apply([*models, *compiled_checks, *program])
    node.wait(120)
    return node


def ask(node: Node, *requests: tuple[str, str]) -> list[str]:
    """The answers to requests, each of a model and a token."""
    program = f"REQUESTS = {requests!r}\n{ASK}"
    pod = node.run("mlops", "program", command=("python", "-c", program))
    return node.completed(pod, 60).splitlines()


def token(cluster: ControlPlane, account: str, audience: str) -> str:
    words = ("-n", "billing", "create", "token", account, "--audience", audience)
    return cluster.kubectl(*words).strip()


def test_a_token_of_a_caller_opens_the_model_that_it_is_for(
    cluster: ControlPlane, checks: Node
) -> None:
    valid_token = token(cluster, "invoices", "churn.ml.example.internal")
    host = "churn-predictor.mlops.svc.cluster.local"
    assert ask(checks, ("churn", valid_token)) == [f"200 {host} /v1/models/churn:predict {{}}"]
    assert ask(checks, ("iris", valid_token)) == ["401 {}"]


def test_other_accounts_audiences_and_forged_tokens_are_refused(
    cluster: ControlPlane, checks: Node
) -> None:
    valid_token = token(cluster, "invoices", "churn.ml.example.internal")
    header, claims, signature = valid_token.split(".")
    forged = f"{header}.{claims}.{signature[:-4]}AAAA"
    requests = {
        "": "401 {}",
        forged: "401 {}",
        "good": "401 {}",
        token(cluster, "invoices", "https://kubernetes.default.svc.cluster.local"): "401 {}",
        token(cluster, "reports", "churn.ml.example.internal"): "403 {}",
    }
    assert ask(checks, *(("churn", sent) for sent in requests)) == list(requests.values())


def test_without_a_token_no_path_and_no_method_reaches_the_model(checks: Node) -> None:
    program = f"PATHS, METHODS = {PATHS!r}, {METHODS!r}\n{EVERYWHERE}"
    pod = checks.run("mlops", "program", command=("python", "-c", program))
    # Go's router sends a path with `//` on to its plain form (301), which is asked for a token as well.
    assert checks.completed(pod, 60).strip() == "[(301, ''), (401, ''), (401, '{}')]"
