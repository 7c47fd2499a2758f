"""A certificate that a service outside demands: said once there, shown wherever a pod connects."""

from __future__ import annotations

import json
import re

import pytest
from support.cluster import lowered, objects, templates

from compiler import pipeline
from compiler.delivery import client_kit
from compiler.diagnostics import Diagnostic
from compiler.model.client_certificate import FOLDER

SCENARIO, ENVIRONMENT = "private-authority", "default"
PROVIDERS = {
    "uses.platformc.dev/external-mysql-databases": "external-mysql",
    "uses.platformc.dev/external-postgres-databases": "external-postgres",
    "uses.platformc.dev/external-redis-keys": "external-redis",
}
SECRETS = {
    "acme-mysql-client", "acme-pooler-client", "acme-postgres-client", "acme-redis-client",
}  # fmt: skip
HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec:\n  components:\n"


def findings(components: str, rest: str = "") -> list[Diagnostic]:
    spec = f"{HEAD}    external-s3: {{host: s3.example.com}}\n{components}{rest}"
    return pipeline.compile(spec.encode(), "platform.yaml").report.sorted()


def test_pods_that_connect_have_the_certificates_and_may_read_their_keys() -> None:
    """libpq refuses a key of root's that others may read, and takes one that root's group reads."""
    used: dict[str, dict[str, str]] = {}
    for pod in templates(SCENARIO, ENVIRONMENT):
        volumes = [v for v in pod.spec.get("volumes", ()) if v["name"] == "client-certificates"]
        providers = {PROVIDERS[label] for label in pod.labels if label in PROVIDERS}
        assert bool(volumes) == bool(providers), pod.owner["metadata"]["name"]
        for volume in volumes:
            names = used.setdefault(pod.owner["metadata"]["name"], {})
            for source in volume["projected"]["sources"]:
                path = source["secret"]["items"][0]["path"]
                names[path.removesuffix(".crt")] = source["secret"]["name"]
            assert providers <= names.keys()
            assert volume["projected"]["defaultMode"] == 0o440
            assert pod.spec["securityContext"]["fsGroup"]
            for container in (*pod.spec.get("initContainers", ()), *pod.spec["containers"]):
                assert FOLDER in [mount["mountPath"] for mount in container["volumeMounts"]]
    assert used.pop("pgbouncer") == {"external-postgres": "acme-pooler-client"}
    assert used["reports"] == {
        "external-mysql": "acme-mysql-client",
        "external-postgres": "acme-postgres-client",
        "external-redis": "acme-redis-client",
    }
    assert used["lakefs"] == {"external-postgres": "acme-postgres-client"}
    assert used["feast"] == {"external-redis": "acme-redis-client"}  # its registry is pooled
    assert "mlflow" not in used  # it reaches the server by the pooler


def test_each_program_is_configured_with_both_files() -> None:
    configs = {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"]): manifest["data"]
        for manifest in objects(SCENARIO, ENVIRONMENT)
        if manifest["kind"] == "ConfigMap"
    }
    count = 0
    for pod in templates(SCENARIO, ENVIRONMENT):
        names = [v["configMap"]["name"] for v in pod.spec.get("volumes", ()) if "configMap" in v]
        containers = (*pod.spec.get("initContainers", ()), *pod.spec["containers"])
        text = json.dumps([containers, [configs[pod.namespace, name] for name in names]])
        named = set(re.findall(rf"{FOLDER}/([\w.-]+\.(?:crt|key))", text))
        providers = {PROVIDERS[label] for label in pod.labels if label in PROVIDERS}
        assert named == {f"{provider}.{end}" for provider in providers for end in ("crt", "key")}
        count += len(named)
    assert count > 10


def test_the_secrets_are_listed_as_the_users() -> None:
    granted = {credential.name: credential for credential in lowered(SCENARIO, ENVIRONMENT).granted}
    assert granted.keys() >= SECRETS
    for name in SECRETS:
        secret = granted[name]
        assert (secret.created_by, secret.type) == ("you", "kubernetes.io/tls")
        assert list(secret.keys) == ["tls.crt", "tls.key"]
    assert granted["acme-pooler-client"].readers == ("pgbouncer",)
    assert "churn-training" not in granted["acme-postgres-client"].readers
    assert granted["acme-mysql-client"].readers == ("reports",)


def test_a_secret_may_hold_the_authority_too() -> None:
    """So do those that cert-manager writes."""
    spec = (
        f"{HEAD}    external-postgres: {{host: db.example.com, ca: {{secret: acme}}, "
        "clientCertificate: {secret: acme}}\n  workloads:\n"
        "    reports: {image: 'a.example.com/a:1.0.0', uses: [external-postgres]}\n"
    )
    result = pipeline.compile(spec.encode(), "platform.yaml")
    (secret,) = result.lowered["default"].granted
    assert (secret.name, secret.type) == ("acme", "kubernetes.io/tls")
    assert list(secret.keys) == ["ca.crt", "tls.crt", "tls.key"]


POSTGRES = "    external-postgres: {host: db.example.com, clientCertificate: {secret: acme}}\n"


@pytest.mark.parametrize(
    ("components", "rest", "client"),
    [
        ("    argo-workflows: {}\n", "", "argo-workflows"),
        ("    kserve: {mode: standard}\n",
         "  models: {churn: {format: sklearn, uri: 's3://models/churn', access: inside, uses: [external-postgres]}}\n",
         "churn"),
        ("    argo-workflows: {archive: false}\n    kubeflow-pipelines: {}\n"
         "    external-mysql: {host: mysql.example.com, clientCertificate: {secret: acme}}\n",
         "", "kubeflow-pipelines"),
        ("    feast: {}\n    cache: {type: external-redis, mode: sentinel, hosts: [s1.example.com],"
         " masterName: features, clientCertificate: {secret: acme}}\n", "", "feast"),
        ("    argo-workflows: {archive: false}\n    external-mysql: {host: mysql.example.com}\n"
         "    kubeflow-pipelines: {uses: [external-postgres]}\n", "", "kubeflow-pipelines"),
    ],
)  # fmt: skip
def test_a_client_without_a_way_is_refused(components: str, rest: str, client: str) -> None:
    refused = [
        finding.message.split("`")[1]
        for finding in findings(POSTGRES + components, rest)
        if finding.code == "no-client-certificate"
    ]
    assert refused == [client]


def test_argo_writes_pods_that_show_it() -> None:
    spec = (
        f"{HEAD}    external-s3: {{host: s3.example.com}}\n    argo-workflows: {{archive: false}}\n{POSTGRES}"
        "  workloads:\n    train: {image: 'a.example.com/a:1.0.0', workflow: true, uses: [external-postgres]}\n"
    )
    result = pipeline.compile(spec.encode(), "platform.yaml")
    resources = result.lowered["default"].packages["train"].resources
    (template,) = (r.manifest["spec"] for r in resources if r.kind == "WorkflowTemplate")
    assert template["securityContext"]["fsGroup"]
    (volume,) = (v for v in template["volumes"] if v["name"] == "client-certificates")
    assert volume["projected"]["defaultMode"] == 0o440
    (step,) = template["templates"]
    assert FOLDER in [mount["mountPath"] for mount in step["container"]["volumeMounts"]]


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("external-postgres: {host: a.example.com, clientCertificate: {}}", "names no Secret"),
        ("external-postgres: {host: a.example.com, sslmode: disable, clientCertificate: {secret: a}}",
         "is shown over TLS, which is turned off"),
        ("external-postgres: {host: a.example.com, clientCertificate: {consumers: {mlflo: {secret: a}}}}",
         "`mlflo` does not use `external-postgres`"),
        ("external-service: {host: a.example.com, clientCertificate: {secret: a}}", "clientCertificate"),
    ],
)  # fmt: skip
def test_a_wrong_field_says_so(section: str, text: str) -> None:
    assert any(text in finding.message for finding in findings(f"    {section}\n"))


def test_pods_elsewhere_and_laptops_get_the_files() -> None:
    spec = f"{HEAD}{POSTGRES}  workloads: {{notebooks: {{run: elsewhere, uses: [external-postgres]}}}}\n"
    graph = pipeline.compile(spec.encode(), "platform.yaml").lowered["default"].graph
    tree = client_kit.kit(graph.instances["notebooks"], graph.wiring("notebooks"), "main")
    assert "secret:\n" in tree["deployment.yaml"]
    assert "need an `fsGroup`" in tree["kustomization.yaml"]
    assert f"PGSSLKEY=files{FOLDER}/external-postgres.key" in tree["client.env"]
    assert "umask 077; kubectl --namespace mlops get secret acme" in tree["client.env"]


@pytest.mark.parametrize(
    ("old", "new", "option"),
    [
        ("postgres", "external-postgres", f"echo sslkey={FOLDER}/external-postgres.key\n"),
        ("redis", "external-redis", f" --key {FOLDER}/external-redis.key"),
    ],
)
def test_the_job_of_a_move_shows_it(old: str, new: str, option: str) -> None:
    spec = (
        f"{HEAD}    old: {{type: {old}}}\n"
        f"    {new}: {{host: a.example.com, clientCertificate: {{secret: acme}}}}\n"
        f"  move: {{from: old, to: {new}}}\n"
        "  workloads: {w: {image: 'a.example.com/a:1.0.0', uses: [old]}}\n"
    )
    lowered_platform = pipeline.compile(spec.encode(), "platform.yaml").lowered["default"]
    (script,) = (
        config.files["move.sh"]
        for package in lowered_platform.packages.values()
        for config in package.configs
        if "move.sh" in config.files
    )
    assert script.count(option) == 1
