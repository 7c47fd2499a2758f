"""Services outside that are neither store nor database, and texts that name a host without a binding."""

from __future__ import annotations

import json

import pytest
from support.cluster import objects, templates
from support.diagnosing import diagnosed

SCENARIO, ENVIRONMENT = "external-service", "default"
SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: example}}
spec:
  components:
    postgres: {{}}
    seaweedfs: {{}}
    mlflow: {{}}
    kserve: {{mode: standard}}
    pypi: {{type: external-service, host: pypi.corp.example.com, cidrs: [10.1.0.0/16]}}
    nas: {{type: external-service, host: nas, port: 8080, tls: false}}
  models:
    churn: {{format: sklearn, uri: "s3://models/churn", uses: [fraud]}}
    fraud: {{format: sklearn, uri: "s3://models/fraud", uses: [churn]}}
  workloads:
    train:
      image: registry.example.internal/train:1.0.0
      run: once
      uses: {uses}
      {texts}
"""


def undeclared(texts: str, uses: str = "[]") -> list[str]:
    """The owners of the hosts that a workload names without a binding."""
    report = diagnosed(SPEC.format(uses=uses, texts=texts).encode())
    assert {diagnostic.code for diagnostic in report} <= {"undeclared-use"}, report
    return [diagnostic.message.split("`")[5] for diagnostic in report]


def test_users_get_the_address_and_the_way_out() -> None:
    pods = {pod.owner["metadata"]["name"]: pod for pod in templates(SCENARIO, ENVIRONMENT)}
    (container,) = pods["train"].spec["containers"]
    env = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert env["PYPI_URL"] == "https://pypi.corp.example.com/simple"
    assert env["PRICES_URL"] == "https://prices.corp.example.com:8443"
    assert env["PRICES_CA"] == "/etc/platformc-ca/prices.crt"
    assert env["PIP_INDEX_URL"] == "$(PYPI_URL)"
    policies = {
        (policy["metadata"]["namespace"], policy["metadata"]["name"]): policy["spec"]
        for policy in objects(SCENARIO, ENVIRONMENT)
        if policy["kind"] == "NetworkPolicy"
    }
    # The steps of Kubeflow's pipelines run in a namespace of theirs.
    for namespace in ("mlops", "kubeflow"):
        client_policy = policies[namespace, "pypi-service-clients"]
        (label,) = client_policy["podSelector"]["matchLabels"]
        assert client_policy["egress"] == [
            {
                "to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}],
                "ports": [{"protocol": "TCP", "port": 443}],
            }
        ]
        users = [pod for pod in objects(SCENARIO, ENVIRONMENT) if label in json.dumps(pod)
                 and pod["kind"] != "NetworkPolicy" and pod["metadata"]["namespace"] == namespace]  # fmt: skip
        assert users


def test_a_git_server_is_a_url_with_its_scheme() -> None:
    (template,) = (
        manifest
        for manifest in objects(SCENARIO, ENVIRONMENT)
        if manifest["kind"] == "WorkflowTemplate"
    )
    (step,) = template["spec"]["templates"]
    assert {"name": "GIT_URL", "value": "ssh://git.corp.example.com:22"} in step["container"]["env"]
    (entry,) = (manifest for manifest in objects(SCENARIO, ENVIRONMENT)
                if manifest["kind"] == "ServiceEntry" and manifest["metadata"]["name"] == "git")  # fmt: skip
    assert [port["protocol"] for port in entry["spec"]["ports"]] == ["TCP"]


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("https://pypi.corp.example.com/simple", "pypi"),
        ("pip install --index-url https://user@pypi.corp.example.com:443/simple x", "pypi"),
        ("--index=pypi.corp.example.com", "pypi"),
        ("PYPI.corp.example.com", "pypi"),
        ("git@pypi.corp.example.com:team/repo.git", "pypi"),
        ("http://mlflow:5000", "mlflow"),
        ("http://mlflow.mlops:5000", "mlflow"),
        ("mlflow.mlops.svc", "mlflow"),
        ("mlflow.mlops.svc.cluster.local", "mlflow"),
        ("mlflow.mlops.svc.cluster.local.", "mlflow"),
        ("postgresql+psycopg2://train@postgres/train", "postgres"),
        ("postgres:5432", "postgres"),
        ("http://nas/share", "nas"),
        ("http://churn-predictor.mlops.svc.cluster.local/v1/models/churn:predict", "churn"),
    ],
)
def test_a_host_without_a_binding_is_found(text: str, owner: str) -> None:
    quoted = json.dumps(text)
    for texts in (f"env: {{ADDRESS: {quoted}}}", f"args: [{quoted}]", f"command: [run, {quoted}]",
                  f"init: [{{args: [{quoted}]}}]"):  # fmt: skip
        assert undeclared(texts) == [owner]
        assert undeclared(texts, f"[{owner}]") == []


NO_USE = [
    "mlflow",
    "--experiment=mlflow",
    "import mlflow; mlflow.start_run()",
    "python -m mlflow.pyfunc",
    "mlflow.mlops",  # a module or a file, without a port
    "postgres",
    "gs://mlflow/artifacts",
    "hf://postgres/backup",
    "models:/churn/1",
    "churn",
    "churn-predictor",
    "/opt/pypi.corp.example.com/certificate.pem",
    "pypi.corp.example.com.pem",
    "ops@pypi.corp.example.com",
    "--user=ops@pypi.corp.example.com",
    "mirror.pypi.corp.example.com",
    "https://mirror.pypi.corp.example.com/simple",
    "pypi.corp.example.com-archive",
    "https://example.com/pypi.corp.example.com",
    "https://pypi.org/simple",
    "# see https://pypi.corp.example.com\npython train.py",
    "corp.example.com",
    "localhost:5000",
    "127.0.0.1:5432",
    "postgres:17",  # an image, and not the Service's port
    "nas",
    "/mnt/nas/data",
    "12:30",
    "a:b:c",
    "https://$(PYPI_HOST)/simple",
    "lakefs://mlflow/main/data",
]


@pytest.mark.parametrize("text", NO_USE)
def test_a_text_that_is_no_use_is_not(text: str) -> None:
    assert len(NO_USE) >= 30
    uses = "[pypi]" if "$(" in text else "[]"
    assert undeclared(f"command: [run, {json.dumps(text)}]", uses) == []


def test_a_host_that_no_proxy_is_asked_for_is_no_use() -> None:
    assert undeclared("env: {NO_PROXY: 'localhost,pypi.corp.example.com'}") == []
