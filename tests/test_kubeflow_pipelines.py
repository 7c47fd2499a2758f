"""Kubeflow Pipelines: five places for one store, one patch for all runs, nothing in the open."""

from __future__ import annotations

import json
from typing import Any

import yaml
from support.diagnosing import HEADER
from support.diagnosing import compiled as compiled_text
from support.scenarios import compiled

from compiler.interfaces import mysql
from compiler.interfaces.workflows import KEY_FORMAT
from compiler.model import Manifest

SCENARIO = "kubeflow-pipelines"
SECRET = "kubeflow-pipelines-artifacts"  # its name
HOST, PORT, BUCKET = "seaweedfs.mlops.svc.cluster.local", 8333, "mlpipeline"


def objects(kind: str) -> dict[str, Manifest]:
    packages = compiled(SCENARIO).lowered["default"].packages
    return {
        resource.name: resource.manifest
        for resource in packages[SCENARIO].resources
        if resource.kind == kind
    }


def env(role: str) -> dict[str, Any]:
    pod = objects("Deployment")[f"{SCENARIO}-{role}"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    return {
        variable["name"]: variable.get(
            "value", variable.get("valueFrom", {}).get("secretKeyRef", {}).get("name")
        )
        for variable in container["env"]
    }


def test_the_five_places_of_the_store_agree() -> None:
    secrets = {
        credential.name: credential
        for credential in compiled(SCENARIO).lowered["default"].credentials
    }
    assert "kubeflow" in secrets[SECRET].namespaces
    api, ui = env("api"), env("ui")
    assert [api[f"OBJECTSTORECONFIG_{key}"] for key in
            ("HOST", "PORT", "SECURE", "BUCKETNAME", "ACCESSKEY", "SECRETACCESSKEY")] == [
        HOST, str(PORT), "false", BUCKET, SECRET, SECRET]  # fmt: skip
    assert [ui[f"MINIO_{key}"] for key in
            ("PORT", "SSL", "ACCESS_KEY", "SECRET_KEY")] == [
        str(PORT), "false", SECRET, SECRET]  # fmt: skip
    assert f"{ui['MINIO_HOST']}.{ui['MINIO_NAMESPACE']}" == HOST
    config = objects("ConfigMap")["kfp-launcher"]["data"]
    launcher = yaml.load(config["providers"], yaml.CSafeLoader)["s3"]["default"]
    assert config["defaultPipelineRoot"] == f"s3://{BUCKET}/v2/artifacts"
    assert (launcher["endpoint"], launcher["disableSSL"]) == (f"{HOST}:{PORT}", True)
    assert launcher["credentials"]["secretRef"]["secretName"] == SECRET
    (text,) = objects("ConfigMap")["artifact-repositories"]["data"].values()
    repository = yaml.load(text, yaml.CSafeLoader)["s3"]
    assert (repository["endpoint"], repository["bucket"]) == (f"{HOST}:{PORT}", BUCKET)
    assert repository["accessKeySecret"]["name"] == SECRET


def test_the_ui_looks_for_logs_where_argo_puts_them() -> None:
    assert env("ui")["ARGO_KEYFORMAT"] == KEY_FORMAT
    assert KEY_FORMAT.startswith("private-artifacts/{{workflow.namespace}}/")


def test_argo_writes_one_repository_for_the_namespace_and_it_is_this_one() -> None:
    packages = compiled(SCENARIO).lowered["default"].packages.values()
    actual = [package.name for package in packages for resource in package.resources
             if (resource.namespace, resource.name) == ("kubeflow", "artifact-repositories")]  # fmt: skip
    assert actual == [SCENARIO]


def test_every_run_gets_the_labels_and_the_environment_of_its_steps() -> None:
    patch = json.loads(env("api")["COMPILED_PIPELINE_SPEC_PATCH"].replace("$$(", "$("))
    labels = {name.partition("/")[2] for name in patch["podMetadata"]["labels"]}
    assert {"mlflow-tracking", "seaweedfs-s3", "argo-workflows-workflows"} <= labels
    (main,) = json.loads(patch["podSpecPatch"])["containers"]
    # The first one has the address of ML Metadata.
    _, plain = [source["configMapRef"]["name"] for source in main["envFrom"]]
    step = objects("ConfigMap")[plain]["data"]
    assert step["MLFLOW_TRACKING_URI"] == "http://mlflow.mlops.svc.cluster.local:5000"
    named = {variable["valueFrom"]["secretKeyRef"]["name"] for variable in main["env"]}
    secrets = {
        credential.name: credential
        for credential in compiled(SCENARIO).lowered["default"].credentials
    }
    assert named == {"kubeflow-pipelines-s3"}
    assert "kubeflow" in secrets["kubeflow-pipelines-s3"].namespaces


def test_only_ml_metadata_logs_in_the_old_way_and_the_server_allows_it() -> None:
    bound = {binding.claim.database: binding.claim.native_password
             for binding in compiled(SCENARIO).graphs["default"].bindings
             if isinstance(binding.claim, mysql.Claim)}  # fmt: skip
    assert bound == {"mlpipeline": False, "metadb": True}
    tree = compiled(SCENARIO).tree()
    assert "--loose-mysql-native-password=ON" in tree["base/mysql/statefulset-mysql.yaml"]
    assert (
        "mysql-native-password" not in compiled("mysql").tree()["base/mysql/statefulset-mysql.yaml"]
    )


def test_servers_read_secrets_by_name_alone() -> None:
    for role in objects("Role").values():
        for rule in role["rules"]:
            if "secrets" in rule["resources"]:
                assert rule["resourceNames"] == [SECRET]
                assert rule["verbs"] == ["get"]


def test_no_plugin_of_the_api_server_asks_a_server_of_somebody_elses() -> None:
    pod = objects("Deployment")[f"{SCENARIO}-api"]["spec"]["template"]["spec"]
    (mount,) = [
        volume_mount
        for volume_mount in pod["containers"][0]["volumeMounts"]
        if volume_mount["name"] == "settings"
    ]
    assert mount["mountPath"] == "/config/config.json"
    package = compiled(SCENARIO).lowered["default"].packages[SCENARIO]
    (config,) = [
        config_files
        for config_files in package.configs
        if config_files.name == f"{SCENARIO}-settings"
    ]
    settings = json.loads(config.files[mount["subPath"]])
    assert not [key for key in settings if key.lower().startswith("plugins")]
    assert not [word for word in ("minio", "password") if word in str(settings).lower()]


def test_a_workload_finds_the_api_server() -> None:
    packages = compiled(SCENARIO).lowered["default"].packages
    (job,) = [resource.manifest for resource in packages["submit-nightly"].resources
              if resource.kind == "CronJob"]  # fmt: skip
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    endpoint = {"name": "KF_PIPELINES_ENDPOINT",
                "value": "http://ml-pipeline.kubeflow.svc.cluster.local:8888"}  # fmt: skip
    assert endpoint in container["env"]


def test_a_database_that_wants_tls_gets_it_from_both() -> None:
    packages = compiled("external-services").lowered["default"].packages
    (store,) = [resource.manifest for resource in packages[SCENARIO].resources
                if (resource.kind, resource.name) == ("Deployment", f"{SCENARIO}-metadata")]  # fmt: skip
    (container,) = store["spec"]["template"]["spec"]["containers"]
    assert "--mysql_config_sslcapath=/etc/ssl/certs" in container["args"]
    assert "sslcapath" not in str(compiled(SCENARIO).tree()["base/kubeflow-pipelines/"
                                  "deployment-kubeflow-pipelines-metadata.yaml"])  # fmt: skip


def test_two_teams_have_one_each_and_share_the_definition_of_their_schedules() -> None:
    """It serves one namespace; the kind of its schedules belongs to the whole cluster."""
    team = (
        "{type: kubeflow-pipelines, namespace: NAME, database: NAME, metadataDatabase: NAME_meta}"
    )
    instances = "".join(
        f"    {name}-runs: {team.replace('NAME', name)}\n" for name in ("risk", "growth")
    )
    stores = "    seaweedfs: {}\n    mysql: {}\n    argo-workflows: {archive: false}\n"
    result = compiled_text(f"{HEADER}spec:\n  components:\n{stores}{instances}".encode())
    assert not result.report.errors
    definitions = [
        (package.name, resource.name)
        for package in result.lowered["default"].packages.values()
        for resource in package.resources
        if resource.kind == "CustomResourceDefinition"
    ]
    assert definitions == [("growth-runs", "scheduledworkflows.kubeflow.org")]
