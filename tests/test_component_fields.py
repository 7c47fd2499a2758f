"""Fields of single components: storage classes, variables, and how a certificate is verified."""

from __future__ import annotations

import pytest
from support.cluster import objects_of, templates_of
from support.diagnosing import compiled, diagnosed
from test_authorities import CA

from compiler.model.package import Lowered

HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec:\n"


def lowered(text: str) -> Lowered:
    return compiled(f"{HEAD}{text}".encode()).lowered["default"]


def test_a_component_has_a_storage_class_of_its_own() -> None:
    text = """\
  cluster: {storageClass: standard}
  components:
    minio: {storageClass: hdd}
    postgres: {storageClass: fast-ssd}
    cnpg: {type: cloudnative-pg, storageClass: fast-ssd}
    mysql: {}
"""
    classes = {}
    for manifest in objects_of(lowered(text)):
        if manifest["kind"] == "StatefulSet":
            (claim,) = manifest["spec"]["volumeClaimTemplates"]
            classes[manifest["metadata"]["name"]] = claim["spec"]["storageClassName"]
        if manifest["kind"] == "Cluster":
            classes[manifest["metadata"]["name"]] = manifest["spec"]["storage"]["storageClass"]
    assert classes == {
        "minio": "hdd",
        "postgres": "fast-ssd",
        "cnpg": "fast-ssd",
        "mysql": "standard",
    }


def test_variables_of_a_component_reach_each_container() -> None:
    text = """\
  components:
    seaweedfs: {}
    postgres: {}
    mlflow: {env: {MLFLOW_LOGGING_LEVEL: DEBUG, SENTRY_DSN: {secret: sentry, key: dsn}}}
"""
    result = lowered(text)
    pods = [pod for pod in templates_of(result) if pod.owner["metadata"]["name"].startswith("mlflow")
            and "smoke" not in pod.owner["metadata"]["name"]]  # fmt: skip
    assert pods
    for pod in pods:
        for container in (*pod.spec.get("initContainers", ()), *pod.spec["containers"]):
            env = {variable["name"]: variable for variable in container["env"]}
            assert env["MLFLOW_LOGGING_LEVEL"]["value"] == "DEBUG"
            reference = env["SENTRY_DSN"]["valueFrom"]["secretKeyRef"]
            assert reference == {"name": "sentry", "key": "dsn"}
    (secret,) = (credential for credential in result.granted if credential.name == "sentry")
    assert (secret.created_by, list(secret.keys)) == ("you", ["dsn"])


@pytest.mark.parametrize(
    ("component", "code", "words"),
    [
        ("postgres: {env: {PGDATA: /data}}", "reserved-variable", "`postgres` sets `PGDATA`"),
        ("pgbouncer: {env: {A: b}}\n    cnpg: {type: cloudnative-pg}", "patch-misses",
         "an operator writes the pods"),
        ("cnpg: {type: cloudnative-pg, env: {PGDATA: /data}}", "reserved-variable", "refuses another"),
        ("external-postgres: {host: db.example.com, sslmode: verify-ca}", "invalid-value",
         "no authority is known"),
        ("external-postgres: {host: db.example.com, sslmode: verify-full}", "invalid-value",
         "no authority is known"),
        (f"external-postgres:\n      host: db.example.com\n      sslmode: require\n      ca: {CA}",
         "invalid-value", "does not verify the server"),
        (f"external-postgres:\n      host: db.example.com\n      sslmode: prefer\n      ca: {CA}",
         "invalid-value", "does not verify the server"),
    ],
)  # fmt: skip
def test_fields_that_can_not_be_are_refused(component: str, code: str, words: str) -> None:
    report = diagnosed(f"{HEAD}  components:\n    {component}\n".encode())
    assert [
        diagnostic
        for diagnostic in report
        if diagnostic.code == code and words in diagnostic.message
    ], report


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("", "verify-full"), ("verify-ca", "verify-ca"), ("verify-full", "verify-full")],
)
def test_the_mode_by_which_a_server_is_verified(mode: str, expected: str) -> None:
    section = f"    external-postgres:\n      host: 192.0.2.1\n      ca: {CA}"
    section += f"      sslmode: {mode}\n" if mode else ""
    workload = "  workloads:\n    report: {image: 'r.example.com/r:1', uses: [external-postgres]}\n"
    (pod,) = templates_of(lowered(f"  components:\n{section}{workload}"))
    (container,) = pod.spec["containers"]
    env = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert env["PGSSLMODE"] == expected
    assert env["PGSSLROOTCERT"] == "/etc/platformc-ca/external-postgres.crt"


def test_variables_reach_the_pods_that_an_operator_makes() -> None:
    text = """\
  components:
    seaweedfs: {}
    cnpg: {type: cloudnative-pg, env: {TZ: Europe/Berlin}}
    mlflow: {smoke: false}
"""
    result = lowered(text)
    (cluster,) = (manifest for manifest in objects_of(result) if manifest["kind"] == "Cluster")
    assert cluster["spec"]["env"] == [{"name": "TZ", "value": "Europe/Berlin"}]
