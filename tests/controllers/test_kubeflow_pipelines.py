"""The demands of Kubeflow Pipelines on our objects, from its source: kubeflow/pipelines 2.17.0.

Of this release nothing ran here; live/test_pipelines.py runs servers of an older one, cluster/test_pipelines.py also its runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from support.cluster import environments, lowered

from compiler.components.kubeflow_pipelines import settings
from compiler.model import Lowered, Manifest

TYPE = "kubeflow-pipelines"
# backend/src/apiserver: names that `viper` looks up, where a dot is an underscore and letters are capitals
# (main.go, initConfig, startRPCServer); client_manager/client_manager.go, common/config.go. A text without a
# default ends the server (`GetStringConfig`), and so does a time (`GetDurationConfig` gives 0 for nothing).
NEEDED = {
    "DBDriverName",
    "DBConfig.MySQLConfig.DBName",
    "InitConnectionTimeout",
    "DBConfig.ConMaxLifeTime",
    "ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_HOST",
    "ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_PORT",
}
READ = {
    *NEEDED, "CacheEnabled", "POD_NAMESPACE", "CLUSTER_DOMAIN", "DEFAULTPIPELINERUNNERSERVICEACCOUNT",
    "COMPILED_PIPELINE_SPEC_PATCH",
    *(f"DBConfig.MySQLConfig.{key}" for key in ("User", "Password", "Host", "Port", "GroupConcatMaxLen", "ExtraParams")),
    *(f"ObjectStoreConfig.{key}" for key in (
        "BucketName", "Host", "Port", "Secure", "Region", "AccessKey", "SecretAccessKey", "PipelinePath")),
    *(f"DEFAULT_SECURITY_CONTEXT_RUN_AS_{key}" for key in ("USER", "GROUP", "NON_ROOT")),
}  # fmt: skip
# Read by others than viper: the image's shell (backend/Dockerfile), Go's crypto/x509, and argocompiler/
# container.go.
READ_ELSEWHERE = {"LOG_LEVEL", "SSL_CERT_DIR", "V2_DRIVER_IMAGE", "V2_LAUNCHER_IMAGE"}
# The store's settings have no default that works (client_manager.go, `validateRequiredConfig`).
STORE = {"BucketName", "Host", "AccessKey", "SecretAccessKey"}
# The command of each image takes these (Dockerfile.persistenceagent, Dockerfile.scheduledworkflow); the
# last one is viper's (crd/controller/scheduledworkflow/util/const.go).
CLIENTS = {
    "agent": {"NAMESPACE", "TTL_SECONDS_AFTER_WORKFLOW_FINISH", "NUM_WORKERS", "LOG_LEVEL", "EXECUTIONTYPE"},
    "schedules": {"NAMESPACE", "LOG_LEVEL", "CLIENT_QPS", "CLIENT_BURST", "RESYNC_INTERVAL_SECONDS",
                  "METRICS_PORT", "USER_IDENTITY_HEADER", "USER_IDENTITY_VALUE", "CRON_SCHEDULE_TIMEZONE"},
}  # fmt: skip
# Files that they read (agent/persistence/client/tokenrefresher, crd/controller/scheduledworkflow/main.go).
TOKENS = {"agent": "persistenceagent-sa-token", "schedules": "scheduledworkflow-sa-token"}
# The Services by which programs look for others: flags of agent/persistence/main.go and
# crd/controller/scheduledworkflow/main.go, common/const.go, v2/metadata/env.go, v2/config/env.go.
SERVICES = {"ml-pipeline": {8888, 8887}, "metadata-grpc-service": {8080}}
# The requests of each program to Kubernetes. api: client/, resource_manager.go; a run that a schedule owns is
# written with `blockOwnerDeletion` (common/util/workflow.go, SetOwnerReferences), for which an API server
# with OwnerReferencesPermissionEnforcement asks for `update` of finalizers. runs: v2/cmd/driver/main.go,
# v2/driver/k8s.go, v2/config/env.go, v2/component/launcher_v2.go, Argo's executor.
RIGHTS = {
    "api": {
        ("", "pods", "delete"), ("", "pods", "get"), ("", "pods/log", "get"),
        ("argoproj.io", "workflows", "create"), ("argoproj.io", "workflows", "patch"),
        ("kubeflow.org", "scheduledworkflows", "create"), ("kubeflow.org", "scheduledworkflows", "update"),
        ("kubeflow.org", "scheduledworkflows/finalizers", "update"),
    },
    "agent": {
        ("argoproj.io", "workflows", "watch"), ("kubeflow.org", "scheduledworkflows", "watch"),
        ("pipelines.kubeflow.org", "workflows", "report"), ("pipelines.kubeflow.org", "scheduledworkflows", "report"),
    },
    "schedules": {
        ("argoproj.io", "workflows", "create"), ("kubeflow.org", "scheduledworkflows", "update"),
        ("kubeflow.org", "scheduledworkflows/finalizers", "update"), ("", "events", "create"),
        ("pipelines.kubeflow.org", "runs", "create"),
    },
    "ui": {("", "pods", "get"), ("", "pods/log", "get"), ("", "events", "list"), ("argoproj.io", "workflows", "get")},
    "runs": {
        ("", "configmaps", "get"), ("", "pods", "get"), ("argoproj.io", "workflows", "get"),
        ("", "persistentvolumeclaims", "create"), ("", "persistentvolumeclaims", "delete"),
        ("", "persistentvolumeclaims", "get"), ("argoproj.io", "workflowtaskresults", "create"),
        ("argoproj.io", "workflowtaskresults", "patch"),
    },
}  # fmt: skip
# v2/config/env.go (BucketProviders) and s3.go (S3ProviderDefault, S3Credentials, S3SecretRef).
LAUNCHER = {
    "endpoint": str, "region": str, "disableSSL": bool, "forcePathStyle": bool, "maxRetries": int,
    "credentials": {
        "fromEnv": bool, "secretRef": {"secretName": str, "accessKeyKey": str, "secretKeyKey": str}
    },
}  # fmt: skip


def instances() -> Iterator[tuple[str, Lowered]]:
    for scenario, environment in environments():
        platform = lowered(scenario, environment)
        for name, instance in platform.platform.instances.items():
            if instance.type == TYPE:
                yield name, platform


INSTANCES = list(instances())


def objects(name: str, platform: Lowered, kind: str) -> dict[str, Manifest]:
    resources = platform.packages[name].resources
    return {each.name: each.manifest for each in resources if each.kind == kind}


def container(name: str, platform: Lowered, role: str) -> tuple[Manifest, Manifest]:
    pod = objects(name, platform, "Deployment")[f"{name}-{role}"]["spec"]["template"]["spec"]
    (server,) = pod["containers"]
    return server, pod


def env(name: str, platform: Lowered, role: str) -> dict[str, Any]:
    server, _ = container(name, platform, role)
    return {variable["name"]: variable.get("value") for variable in server["env"]}


def variable(key: str) -> str:
    return key.replace(".", "_").upper()


def flat(section: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


@pytest.mark.parametrize(("name", "platform"), INSTANCES)
def test_the_api_server_reads_each_setting_and_lacks_none(name: str, platform: Lowered) -> None:
    written = {*env(name, platform, "api"), *map(variable, flat(settings.SETTINGS))}
    assert written - {variable(key) for key in READ} <= READ_ELSEWHERE
    needed = {*NEEDED, *(f"ObjectStoreConfig.{key}" for key in STORE)}
    assert {variable(key) for key in needed} <= written


@pytest.mark.parametrize(("name", "platform"), INSTANCES)
@pytest.mark.parametrize("role", CLIENTS)
def test_clients_read_each_variable_and_their_token(
    name: str, platform: Lowered, role: str
) -> None:
    assert set(env(name, platform, role)) <= CLIENTS[role]
    server, pod = container(name, platform, role)
    (mount,) = (each for each in server["volumeMounts"] if each["name"] == "token")
    assert mount["mountPath"] == "/var/run/secrets/kubeflow/tokens"
    (source,) = next(each for each in pod["volumes"] if each["name"] == "token")["projected"][
        "sources"
    ]
    assert source["serviceAccountToken"]["path"] == TOKENS[role]
    # common/const.go, DefaultTokenReviewAudience
    assert source["serviceAccountToken"]["audience"] == "pipelines.kubeflow.org"


@pytest.mark.parametrize(("name", "platform"), INSTANCES)
def test_programs_find_each_other_by_their_fixed_names(name: str, platform: Lowered) -> None:
    services = objects(name, platform, "Service")
    for service, ports in SERVICES.items():
        assert {port["port"] for port in services[service]["spec"]["ports"]} == ports
    # v2/config/env.go puts these two together, with `.svc.` between them.
    api = env(name, platform, "api")
    assert api["POD_NAMESPACE"] == services["ml-pipeline"]["metadata"]["namespace"]
    assert api["CLUSTER_DOMAIN"] == platform.platform.settings.cluster.domain


@pytest.mark.parametrize(("name", "platform"), INSTANCES)
@pytest.mark.parametrize("role", RIGHTS)
def test_each_program_may_ask_what_it_asks(name: str, platform: Lowered, role: str) -> None:
    roles = [
        each for key, each in objects(name, platform, "Role").items() if key == f"{name}-{role}"
    ]
    granted = {
        (group, resource, verb)
        for each in roles
        for rule in each["rules"]
        if "resourceNames" not in rule
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted >= RIGHTS[role]


@pytest.mark.parametrize(("name", "platform"), INSTANCES)
@pytest.mark.parametrize("role", ["api", "agent", "schedules", "ui"])
def test_images_whose_user_has_a_name_get_a_number(name: str, platform: Lowered, role: str) -> None:
    """`USER appuser` and root (backend/Dockerfile*): the kubelet refuses both under `runAsNonRoot`."""
    _, pod = container(name, platform, role)
    assert pod["securityContext"]["runAsUser"] == 1000


def check(value: Any, expected: Any, path: str) -> Iterator[str]:
    """Keys that upstream's type lacks, and values of another type, at any depth."""
    if isinstance(expected, Mapping):
        for key, inner in value.items():
            if key not in expected:
                yield f"{path}.{key} is not read"
            else:
                yield from check(inner, expected[key], f"{path}.{key}")
    elif not isinstance(value, expected):
        yield f"{path} is no {expected.__name__}"


@pytest.mark.parametrize(("name", "platform"), INSTANCES)
def test_the_launcher_reads_each_key_of_its_config_map(name: str, platform: Lowered) -> None:
    data = objects(name, platform, "ConfigMap")["kfp-launcher"]["data"]
    assert set(data) == {"defaultPipelineRoot", "providers"}
    assert data["defaultPipelineRoot"].startswith("s3://")  # the provider that is configured
    providers = launcher(data["providers"])
    assert list(check(providers, {"s3": {"default": LAUNCHER}}, "providers")) == []
    secret = providers["s3"]["default"]["credentials"]["secretRef"]
    reader = objects(name, platform, "Role")[f"{name}-runs"]["rules"]
    named = {
        each
        for rule in reader
        if rule["resources"] == ["secrets"]
        for each in rule["resourceNames"]
    }
    assert secret["secretName"] in named


@pytest.mark.parametrize(
    ("mistake", "answer"),
    [({"endpont": "s3"}, "endpont is not read"), ({"disableSSL": "true"}, "disableSSL is no bool")],
)
def test_a_mistake_in_the_launchers_config_map_is_noticed(
    mistake: dict[str, Any], answer: str
) -> None:
    assert any(answer in problem for problem in check(mistake, LAUNCHER, "default"))


def launcher(text: str) -> dict[str, Any]:
    import yaml

    providers: dict[str, Any] = yaml.load(text, yaml.CSafeLoader)
    return providers


@pytest.mark.parametrize(("name", "platform"), INSTANCES)
def test_the_patch_of_workflows_is_read_by_its_type(name: str, platform: Lowered) -> None:
    """argocompiler/spec_patch.go: JSON, merged into a WorkflowSpec. A list of `envFrom` replaces that of the
    template (core/v1 has no merge key for it), so that its only entry has to be in the patch again
    (metadataEnvFrom, argocompiler/common.go).
    """
    patch = json.loads(
        env(name, platform, "api")["COMPILED_PIPELINE_SPEC_PATCH"].replace("$$(", "$(")
    )
    assert set(patch) == {"podMetadata", "podSpecPatch"}
    (main,) = json.loads(patch["podSpecPatch"])["containers"]
    assert main["name"] == "main"  # argocompiler/container.go
    upstream = {"configMapRef": {"name": "metadata-grpc-configmap", "optional": True}}
    assert main["envFrom"][0] == upstream
    names = {source["configMapRef"]["name"] for source in main["envFrom"]}
    assert names <= set(objects(name, platform, "ConfigMap"))
