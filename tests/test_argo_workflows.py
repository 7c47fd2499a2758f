"""Argo Workflows: upstream's settings, the objects of each namespace, the pod of a run."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from support.scenarios import compiled

from compiler import kube, pipeline
from compiler.components import argo_workflows
from compiler.derive import pull_secrets
from compiler.model import Lowered, Manifest, Prerequisite, Resource
from compiler.model.graph import Graph
from compiler.tenants import workflow, workload

NAMESPACES = ("mlops", "team-churn")


def graph() -> Graph:
    return compiled("argo-workflows").graphs["default"]


def prerequisite() -> Prerequisite:
    return prerequisite_of(graph())


def prerequisite_of(graph: Graph) -> Prerequisite:
    """The objects of a platform about Argo."""
    me = graph.instances["argo-workflows"]
    actual = argo_workflows.prerequisites(me, graph.wiring("argo-workflows"))
    assert actual is not None
    return actual


def settings() -> dict[str, Any]:
    (config,) = [manifest for manifest in prerequisite().objects if manifest["kind"] == "ConfigMap"]
    return {key: yaml.load(text, yaml.CSafeLoader) for key, text in config["data"].items()}


def objects(kind: str) -> list[Manifest]:
    packages = compiled("argo-workflows").lowered["default"].packages.values()
    return [
        resource.manifest
        for package in packages
        for resource in package.resources
        if resource.kind == kind
    ]


def test_the_archive_is_reached_past_the_pooler_with_keys_that_are_in_upstreams_namespace() -> None:
    database = settings()["persistence"]["postgresql"]
    assert database["host"] == "postgres.databases.svc.cluster.local"
    assert database["port"] == 5432
    secrets = {
        credential.name: credential
        for credential in compiled("argo-workflows").lowered["default"].credentials
    }
    assert secrets[database["passwordSecret"]["name"]].namespaces == ("argo", "databases")
    assert settings()["persistence"]["archiveTTL"] == "2592000s"


def test_upstreams_servers_get_the_label_that_opens_the_database() -> None:
    labels = {
        manifest["metadata"]["name"]: manifest["spec"]["template"]["metadata"]["labels"]
        for manifest in prerequisite().objects
        if manifest["kind"] == "Deployment"
    }
    assert set(labels) == {"workflow-controller", "argo-server"}
    archive, store = ({f"uses.platformc.dev/{policy_name}": "true"}
                      for policy_name in ("postgres-databases", "seaweedfs-s3"))  # fmt: skip
    assert labels == {"workflow-controller": archive, "argo-server": {**archive, **store}}
    assert admitted("postgres-databases") == [archive]
    assert admitted("seaweedfs-s3") == [store]  # the server shows artefacts and logs


def admitted(name: str) -> list[dict[str, str]]:
    """The pods of upstream's namespace that a policy lets in."""
    (policy,) = [
        manifest for manifest in objects("NetworkPolicy") if manifest["metadata"]["name"] == name
    ]
    return [
        peer["podSelector"]["matchLabels"]
        for peer in policy["spec"]["ingress"][0]["from"]
        if peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] == "argo"
    ]


def test_nothing_is_written_into_upstreams_namespace() -> None:
    packages = compiled("argo-workflows").lowered["default"].packages.values()
    assert "argo" not in {
        resource.namespace for package in packages for resource in package.resources
    }


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_each_namespace_with_runs_has_one_repository_and_the_keys_to_it(namespace: str) -> None:
    (config,) = [
        manifest for manifest in objects("ConfigMap") if manifest["metadata"]["namespace"] == namespace
    ]  # fmt: skip
    default = config["metadata"]["annotations"]["workflows.argoproj.io/default-artifact-repository"]
    repository = yaml.load(config["data"][default], yaml.CSafeLoader)["s3"]
    assert repository == settings()["artifactRepository"]["s3"]
    assert repository["endpoint"] == "seaweedfs.storage.svc.cluster.local:8333"
    assert repository["insecure"] is True
    secrets = {
        credential.name: credential
        for credential in compiled("argo-workflows").lowered["default"].credentials
    }
    for reference in ("accessKeySecret", "secretKeySecret"):
        assert namespace in secrets[repository[reference]["name"]].namespaces


def test_a_runs_pod_reaches_what_it_uses_and_what_argo_needs() -> None:
    (template,) = [
        manifest
        for manifest in objects("WorkflowTemplate")
        if manifest["metadata"]["name"] == "backtest"
    ]
    labels = {name.partition("/")[2] for name in template["spec"]["podMetadata"]["labels"]}
    assert {"mlflow-tracking", "seaweedfs-s3", "argo-workflows-workflows"} <= labels
    account = template["spec"]["serviceAccountName"]
    secret_names = {(manifest["metadata"]["namespace"], manifest["metadata"]["name"])
            for manifest in objects("ServiceAccount")}  # fmt: skip
    assert {(space, account) for space in NAMESPACES} <= secret_names


def test_runs_of_peoples_own_are_known_too() -> None:
    defaults = settings()["workflowDefaults"]["spec"]
    assert defaults["serviceAccountName"] == "argo-workflows-workflow"
    assert set(defaults["podMetadata"]["labels"]) == {
        "uses.platformc.dev/argo-workflows-workflows", "uses.platformc.dev/seaweedfs-s3",
    }  # fmt: skip


def test_a_schedule_starts_the_template_and_no_cron_job_does() -> None:
    (schedule,) = objects("CronWorkflow")
    assert schedule["spec"]["workflowSpec"] == {"workflowTemplateRef": {"name": "churn-training"}}
    assert [manifest["metadata"]["name"] for manifest in objects("CronJob")] == ["nightly-report"]


TEXT = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: runs}
spec:
  components: {COMPONENTS}
  workloads:
    train:
      image: registry.example.com/train:1.0
      workflow: true
      RUN
"""


@pytest.mark.parametrize(
    ("components", "run", "code"),
    [
        (
            "{minio: {}, argo-workflows: {archive: false}}",
            "pullSecrets: [team-login]",
            "missing-key",
        ),
        ("{minio: {}}", "uses: [minio]", "unbound-requirement"),
        ("{minio: {}, argo-workflows: {archive: false}}", "run: once", "unknown-value"),
    ],
)
def test_what_cannot_run_is_refused(components: str, run: str, code: str) -> None:
    text = TEXT.replace("{COMPONENTS}", components).replace("RUN", run)
    report = pipeline.compile(text.encode(), "platform.yaml").report
    assert [
        diagnostic.code for diagnostic in report.sorted() if diagnostic.severity == "error"
    ] == [code]


PLACED = """\
command: [python, train.py]
      init: [{command: [sh, -c, prepare]}]
      nodeSelector: {disk: ssd}
      nodeAffinity: {required: [{key: zone, values: [a]}]}
      tolerations: [{key: gpu}]
      priorityClass: urgent
      pullSecrets: [team-login]
      volumes: {data: {mountPath: /data, claim: data}}"""


def training(run: str, *, workflow: str = "true") -> tuple[Manifest, Lowered]:
    """The object of which runs are made, and its environment."""
    text = TEXT.replace("{COMPONENTS}", "{minio: {}, argo-workflows: {archive: false}}")
    text = text.replace("workflow: true", f"workflow: {workflow}")
    result = pipeline.compile(text.replace("RUN", run).encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    (manifest,) = [resource.manifest for resource in result.lowered["default"].packages["train"].resources
                   if resource.kind in ("CronJob", "WorkflowTemplate")]  # fmt: skip
    return manifest, result.lowered["default"]


def test_the_pods_of_a_run_have_every_setting_that_the_pods_of_a_job_have() -> None:
    job, _ = training(PLACED, workflow="false")
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert {"initContainers", "affinity", "priorityClassName", "imagePullSecrets"} <= pod.keys()
    spec = training(PLACED)[0]["spec"]
    (step,) = spec["templates"]
    for key in ("affinity", "imagePullSecrets", "nodeSelector", "securityContext", "tolerations"):
        assert spec[key] == pod[key], key
    assert spec["podPriorityClassName"] == pod["priorityClassName"]
    assert [volume["name"] for volume in spec["volumes"]] == [
        volume["name"] for volume in pod["volumes"]
    ]
    assert [container["command"] for container in step["initContainers"]] == [
        ["sh", "-c", "prepare"]
    ]
    assert step["initContainers"][0]["name"] == "init-0"


@pytest.mark.parametrize("retries", [0, 3])
def test_a_run_is_tried_again_whatever_ended_its_pod(retries: int) -> None:
    (step,) = training(f"retries: {retries}")[0]["spec"]["templates"]
    assert step["retryStrategy"] == {"limit": str(retries), "retryPolicy": "Always"}


def test_a_setting_of_pods_without_a_place_in_a_workflow_becomes_a_patch_of_its_pods() -> None:
    me = graph().instances["backtest"]
    pod = kube.pod(me, "workload", [kube.Container("main", "image", {"limits": {"ephemeral-storage": "1Gi"}})],
                   user=1000, grace=90)  # fmt: skip
    argo = graph().wiring("backtest")[workload.WORKFLOWS]
    template, *_ = workflow.resources(me, pod, 60, argo)
    assert isinstance(template, Resource)
    patch = json.loads(template.manifest["spec"]["podSpecPatch"])
    assert patch == {"enableServiceLinks": False, "terminationGracePeriodSeconds": 90}


@pytest.mark.parametrize(
    "operation",
    [
        "{op: remove, path: /spec/templates}",
        "{op: remove, path: /spec/securityContext}",
        "{op: replace, path: /spec/templates/0, value: {name: main, suspend: {}}}",
        "{op: remove, path: /spec/templates/0/container/securityContext}",
    ],
)
def test_a_patch_may_leave_out_what_argo_does_not_need(operation: str) -> None:
    target = "{kind: WorkflowTemplate, name: train}"
    text = TEXT.replace("{COMPONENTS}", "{seaweedfs: {}, argo-workflows: {archive: false}}")
    patched = text.replace("RUN", f"patches: [{{target: {target}, operations: [{operation}]}}]")
    result = pipeline.compile(patched.encode(), "platform.yaml")
    assert {diagnostic.code for diagnostic in result.report.sorted()} <= {
        "refused-pod",
        "loosened-guard",
    }


def test_the_login_with_which_the_image_of_a_run_is_pulled_is_known() -> None:
    needed = pull_secrets.by_package(training(PLACED)[1])["train"]
    (login,) = needed
    assert (login.name, login.namespaces) == ("team-login", ("mlops",))


def test_without_an_archive_no_database_is_needed() -> None:
    text = TEXT.replace("{COMPONENTS}", "{minio: {}, argo-workflows: {archive: false}}")
    result = pipeline.compile(text.replace("RUN", "retries: 0").encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()


def routed() -> Prerequisite:
    """Upstream's part in a platform with a gateway."""
    return prerequisite_of(compiled("production").graphs["prod"])


def test_behind_a_gateway_the_server_speaks_http_and_keeps_its_arguments() -> None:
    """An installation may have others, such as `--auth-mode=sso`: a patch would replace them all."""
    (server,) = [manifest for manifest in routed().objects if manifest["metadata"]["name"] == "argo-server"
                 and manifest["kind"] == "Deployment"]  # fmt: skip
    (container,) = server["spec"]["template"]["spec"]["containers"]
    assert "args" not in container
    assert container["env"] == [{"name": "ARGO_SECURE", "value": "false"}]
    assert container["readinessProbe"]["httpGet"]["scheme"] == "HTTP"
    (service,) = [manifest for manifest in routed().objects if manifest["kind"] == "Service"]
    assert service["spec"]["ports"] == [{"port": 2746, "appProtocol": "http"}]


def test_in_a_strict_mesh_upstreams_pods_are_in_it_and_so_reach_the_archive() -> None:
    (namespace,) = [manifest for manifest in routed().objects if manifest["kind"] == "Namespace"]
    assert namespace["metadata"] == {"name": "argo", "labels": {"istio-injection": "enabled"}}


def test_the_ui_has_the_instances_host() -> None:
    packages = compiled("production").lowered["prod"].packages
    (route,) = [resource.manifest for resource in packages["argo-workflows"].resources
                if resource.kind == "VirtualService"]  # fmt: skip
    assert route["spec"]["hosts"] == ["argo-workflows.ml.example.internal"]
    (rule,) = route["spec"]["http"]
    (destination_rule,) = rule["route"]
    assert destination_rule["destination"] == {
        "host": "argo-server.argo.svc.cluster.local",
        "port": {"number": 2746},
    }


def test_without_a_gateway_upstreams_server_is_left_as_it_is() -> None:
    deployments = [
        manifest for manifest in prerequisite().objects if manifest["kind"] == "Deployment"
    ]
    assert all("spec" not in deployment["spec"]["template"] for deployment in deployments)
    assert [manifest for manifest in prerequisite().objects if manifest["kind"] == "Service"] == []


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ("args: [--prompt, 'Answer {{inputs.question}}']", True),
        ("env: {PROMPT: '{{ item.text }}'}", True),
        ("command: [sh, -c, 'echo {{tasks.first.outputs.result}}']", True),
        ("init: [{command: [prepare, '{{steps.first.ip}}']}]", True),
        ("args: ['{{workflow.name}}-{{steps.name}}', '{{question}}', '{{ .Prompt }}']", False),
    ],
)
@pytest.mark.parametrize("workflow", ["true", "false"])
def test_a_placeholder_with_which_argo_refuses_a_run_is_reported(
    fields: str, refused: bool, workflow: str
) -> None:
    text = TEXT.replace("{COMPONENTS}", "{minio: {}, argo-workflows: {archive: false}}")
    text = text.replace("workflow: true", f"workflow: {workflow}")
    report = pipeline.compile(text.replace("RUN", fields).encode(), "platform.yaml").report
    codes = [
        diagnostic.code
        for diagnostic in report.sorted()
        if diagnostic.path[:2] == ("spec", "workloads")
    ]
    assert codes == ["unfilled-placeholder"] * (refused and workflow == "true")


@pytest.mark.parametrize(
    ("timeout", "workflow", "codes"),
    [
        ("24855d", "true", []),
        ("24856d", "true", ["out-of-range"]),
        ("24856d", "false", []),
    ],
)
def test_a_pod_runs_no_longer_than_its_number_of_32_bits(
    timeout: str, workflow: str, codes: list[str]
) -> None:
    """Argo hands the deadline to the pod (4.0.5, workflowpod.go); Kubernetes refuses more (ValidatePodSpec)."""
    text = TEXT.replace("{COMPONENTS}", "{minio: {}, argo-workflows: {archive: false}}")
    text = text.replace("workflow: true", f"workflow: {workflow}")
    report = pipeline.compile(
        text.replace("RUN", f"command: [run]\n      timeout: {timeout}").encode(), "platform.yaml"
    ).report
    assert [found.code for found in report.sorted() if "timeout" in found.path] == codes
