"""A company's own authority: said once at a service, known wherever a pod connects to it."""

from __future__ import annotations

import json
import re
import ssl

import pytest
from support.cluster import lowered, objects, templates
from support.paths import SCENARIOS

from compiler import pipeline
from compiler.model.binding import AUTHORITIES

SCENARIO, ENVIRONMENT = "private-authority", "default"
TEXT = (SCENARIOS / SCENARIO / "platform.yaml").read_text()
BLOCK = re.search(r"\|\n +-----BEGIN.*?-----END CERTIFICATE-----\n", TEXT, re.S)
assert BLOCK
CA = BLOCK[0]
HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec:\n  components:\n"


def files() -> dict[tuple[str, str], dict[str, str]]:
    return {
        (one["metadata"]["namespace"], one["metadata"]["name"]): one["data"]
        for one in objects(SCENARIO, ENVIRONMENT)
        if one["kind"] == "ConfigMap"
    }


def test_pods_that_connect_have_the_certificates_in_every_container() -> None:
    graph, configs, seen = lowered(SCENARIO, ENVIRONMENT).graph, files(), set()
    vouched = {
        binding.label: binding.provider.name for binding in graph.bindings if binding.offer.ca
    }
    for pod in templates(SCENARIO, ENVIRONMENT):
        mounted = {
            volume["configMap"]["name"] for volume in pod.spec.get("volumes", ())
            if volume["name"] == "authorities"
        }  # fmt: skip
        providers = {vouched[label] for label in pod.labels if label in vouched}
        assert bool(providers) == bool(mounted), pod.owner["metadata"]["name"]
        for name in mounted:
            data = configs[pod.namespace, name]
            assert data.keys() >= {f"{provider}.crt" for provider in providers}
            for text in data.values():
                ssl.create_default_context(cadata=text)
            for container in (*pod.spec.get("initContainers", ()), *pod.spec["containers"]):
                paths = [volume_mount["mountPath"] for volume_mount in container["volumeMounts"]]
                assert AUTHORITIES in paths
        seen |= providers
    assert seen == {"external-s3", "external-postgres", "external-redis", "external-mysql"}


def test_no_file_is_named_that_is_not_there() -> None:
    """In a pod's variables, and in the config files that it mounts."""
    configs, count = files(), 0
    for pod in templates(SCENARIO, ENVIRONMENT):
        mounted = [volume["configMap"]["name"] for volume in pod.spec.get("volumes", ())
                   if "configMap" in volume]  # fmt: skip
        data = {key: text for name in mounted for key, text in configs[pod.namespace, name].items()}
        named = re.findall(rf"{AUTHORITIES}/([\w.-]+\.crt)", json.dumps([pod.spec, data]))
        assert set(named) <= data.keys(), pod.owner["metadata"]["name"]
        count += len(named)
    assert count > 10


REFUSED = {
    "argo-workflows": "external-postgres: {host: db.example.com}\n    mlflow: {}\n"
    "    argo-workflows: {}\n    external-s3:\n      host: s3.example.internal\n",
    "kubeflow-pipelines": "external-s3: {host: s3.example.com}\n    postgres: {}\n    argo-workflows: {}\n"
    "    kubeflow-pipelines: {}\n    external-mysql:\n      host: db.example.internal\n",
    "cnpg": "cnpg: {type: cloudnative-pg, backup: {}}\n"
    "    external-s3:\n      host: s3.example.internal\n",
}


@pytest.mark.parametrize("client", REFUSED)
def test_who_cannot_be_told_is_refused(client: str) -> None:
    result = pipeline.compile(
        f"{HEAD}    {REFUSED[client]}      ca: {CA}".encode(), "platform.yaml"
    )
    found = [one for one in result.report.sorted() if one.code == "unknown-authority"]
    assert [one.message.split("`")[1] for one in found] == [client], result.report.sorted()


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("external-s3: {host: s3.example.com, ca: company.pem}", "invalid-value"),
        (f"external-s3:\n      host: s3.example.com\n      tls: false\n      ca: {CA}", "which needs TLS"),
        (f"external-postgres:\n      host: db.example.com\n      sslmode: disable\n      ca: {CA}",
         "which needs TLS"),
        (f"external-s3:\n      host: s3.example.com\n      ca: {CA}        -----BEGIN PRIVATE KEY-----\n",
         "the certificates include a private key"),
    ],
)  # fmt: skip
def test_what_is_no_authority_is_refused(section: str, told: str) -> None:
    result = pipeline.compile(f"{HEAD}    {section}\n".encode(), "platform.yaml")
    assert any(told in f"{one.code} {one.message}" for one in result.report.sorted())
