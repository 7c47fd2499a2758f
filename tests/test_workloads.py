"""A workload's pod, where no image knows the user that it runs as."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys

import pytest

from compiler import pipeline
from compiler.model import Manifest

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: one}
spec:
  components: {postgres: {}}
  workloads:
    training: {image: "registry.example.com/training:1.0", uses: [postgres], ENV}
"""


def container(env: str = "") -> Manifest:
    result = pipeline.compile(SPEC.replace(", ENV", env).encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    (job,) = [resource.manifest for resource in result.lowered["default"].packages["training"].resources
              if resource.kind == "CronJob"]  # fmt: skip
    (actual,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert isinstance(actual, dict)
    return actual


def plain(container: Manifest) -> dict[str, str]:
    return {env["name"]: env["value"] for env in container["env"] if "value" in env}


def test_a_program_learns_who_it_is_without_a_passwd_file() -> None:
    program = f"import sys; sys.modules['pwd'] = None; import {getpass.__name__}; print(getpass.getuser())"
    bare = {"PATH": os.environ["PATH"]}
    failed = subprocess.run(
        [sys.executable, "-c", program], env=bare, capture_output=True, check=False
    )
    assert failed.returncode != 0
    variables = {**bare, **plain(container())}
    answer = subprocess.run(
        [sys.executable, "-c", program], env=variables, capture_output=True, check=True
    )
    assert answer.stdout == b"training\n"


def test_what_the_spec_says_wins() -> None:
    env = plain(container(", env: {USER: somebody, HOME: /work}"))
    assert (env["USER"], env["HOME"], env["LOGNAME"]) == ("somebody", "/work", "training")
    names = [variable["name"] for variable in container(", env: {USER: somebody}")["env"]]
    assert len(names) == len(set(names))


def codes_of(fields: str) -> list[str]:
    """The codes of the diagnostics of a workload with these fields."""
    report = pipeline.compile(SPEC.replace("ENV", fields).encode(), "platform.yaml").report
    return [diagnostic.code for diagnostic in report.sorted()]


@pytest.mark.parametrize(
    "variable",
    ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "MLFLOW_S3_ENDPOINT_URL"],
)
def test_where_the_store_is_can_only_be_derived(variable: str) -> None:
    spec = SPEC.replace("{postgres: {}}", "{seaweedfs: {}, postgres: {}, mlflow: {}}")
    spec = spec.replace(
        "uses: [postgres], ENV", f"uses: [mlflow], env: {{{variable}: http://minio:9000}}"
    )
    actual = pipeline.compile(spec.encode(), "platform.yaml").report.sorted()
    assert [diagnostic.code for diagnostic in actual] == ["reserved-variable"]
    assert variable in actual[0].message
    changed_spec = spec.replace(variable, "AWS_ENDPOINT_URL_SQS")
    assert not pipeline.compile(changed_spec.encode(), "platform.yaml").report.failed


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ("completions: 2, args: [$(JOB_COMPLETION_INDEX)]", []),
        ("completions: 2, init: [{args: [$(JOB_COMPLETION_INDEX)]}]", []),
        ("args: [$(JOB_COMPLETION_INDEX)]", ["undefined-variable"]),
        ("completions: 2, env: {PART: $(JOB_COMPLETION_INDEX)}", ["undefined-variable"]),
        ("args: [$(HOME), $(USER), $(LOGNAME)]", []),
        ("env: {CACHE: $(HOME)/cache}", []),
        ("env: {CACHE: $(HOME)/cache, HOME: /work}", ["undefined-variable"]),
        ("command: [sh, -c, echo $(date)]", []),
        ("command: [sh, -c, echo $(OUT)]", ["undefined-variable"]),
        ("command: [python, $(script)]", ["undefined-variable"]),
        ("init: [{command: [cp, $(DATABASE_DIR), /tmp]}]", ["undefined-variable"]),
    ],
)
def test_a_reference_is_to_a_variable_that_its_container_has(fields: str, codes: list[str]) -> None:
    assert codes_of(fields) == codes


IMAGE = "image: a.b/c:1, access: public"
FILES = "format: sklearn, uri: s3://models/one, access: public"


@pytest.mark.parametrize(
    ("model", "codes"),
    [
        (f"{IMAGE}, args: [$(USER), $(PORT), $(REDIS_HOST)], uses: [redis]", []),
        (f"{IMAGE}, args: [$(REDIS_HOST)]", ["undefined-variable"]),
        (f"{FILES}, args: [$(OF_A_RUNTIME)]", []),
        (f"{FILES}, transformer: {{image: 'a.b/c:1', args: [$(NOPE)]}}", ["undefined-variable"]),
        (f"{FILES}, transformer: {{image: 'a.b/c:1', args: [$(X)], env: {{X: x}}}}", []),
        (f"{FILES}, transformer: {{image: 'a.b/c:1', args: [$(REDIS_HOST)], uses: [redis]}}", []),
        (
            f"{IMAGE}, args: [$(REDIS_HOST)], transformer: {{image: 'a.b/c:1', uses: [redis]}}",
            ["undefined-variable"],
        ),
        (
            f"{FILES}, transformer: {{image: 'a.b/c:1', env: {{REDIS_HOST: x}}, uses: [redis]}}",
            ["reserved-variable"],
        ),
        (f"{IMAGE}, env: {{REDIS_HOST: x}}, transformer: {{image: 'a.b/c:1', uses: [redis]}}", []),
        (
            f"{FILES}, transformer: {{image: 'a.b/c:1', env: {{X: 'http://localhost:80'}}}}",
            ["loopback-host"],
        ),
        (
            f"{FILES}, transformer: {{image: 'a.b/c:1', args: ['${{NAME}}']}}",
            ["unfilled-placeholder"],
        ),
        (
            f"{FILES}, transformer: {{image: 'a.b/c:1', env: {{X: 'redis://redis:6379'}}}}",
            ["undeclared-use"],
        ),
    ],
)
def test_the_texts_of_a_model_and_of_its_transformer_are_read(model: str, codes: list[str]) -> None:
    """Each of the two has its own variables."""
    spec = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\nspec:\n"
        "  components: {seaweedfs: {}, redis: {}, kserve: {mode: standard}, ingress: {}}\n"
        f"  tls: {{secret: tls}}\n  models: {{one: {{{model}}}}}\n"
    )
    actual = pipeline.compile(spec.encode(), "platform.yaml").report.sorted()
    assert [diagnostic.code for diagnostic in actual] == codes


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ("gpu: 1", ["gpu-placement"]),
        ("gpu: 1, nodeSelector: {gpu: a100}", []),
        ("gpu: 1, nodeAffinity: {required: [{key: gpu, values: [a100]}]}", []),
        (
            "gpu: 1, nodeAffinity: {preferred: [{key: gpu, values: [a100], weight: 1}]}",
            ["gpu-placement"],
        ),
    ],
)
def test_the_nodes_of_a_gpu_are_chosen_by_conditions_that_all_pods_meet(
    fields: str, codes: list[str]
) -> None:
    assert codes_of(fields) == codes


@pytest.mark.parametrize(
    ("fields", "pods"),
    [
        ("completions: 3", 3),
        ("completions: 3, run: once", 3),
        ("completions: 30, parallelism: 4", 4),
        ("completions: 2, parallelism: 4", 2),
        (
            "completions: 200000",
            100000,
        ),  # the most that Kubernetes 1.36 accepts (pkg/apis/batch/validation)
        ("init: [{command: [prepare]}]", 1),
        ("workflow: true, init: [{command: [prepare]}]", 1),
    ],
)
def test_a_quota_is_asked_for_the_pods_that_run_at_once(fields: str, pods: int) -> None:
    request = "resources: {requests: {cpu: 10}, limits: {cpu: 10}}"
    spec = SPEC.replace("{postgres: {}}", "{seaweedfs: {}, argo-workflows: {archive: false}}")
    spec = spec.replace("uses: [postgres], ENV", f"{request}, {fields}")
    for limit, codes in ((pods * 10, []), (pods * 10 - 1, ["quota-exceeded"])):
        quota = f"spec:\n  cluster: {{quotas: {{training: {{cpu: {limit}}}}}}}\n"
        text = spec.replace("spec:\n", quota).replace("image:", "namespace: training, image:")
        report = pipeline.compile(text.encode(), "platform.yaml").report
        assert [diagnostic.code for diagnostic in report.sorted()] == codes


@pytest.mark.parametrize(
    "fields",
    [
        "parallelism: 4",
        "run: elsewhere, args: [a]",
        "run: elsewhere, init: [{command: [a]}]",
        "run: elsewhere, workflow: true",
        "run: elsewhere, env: {A: b}",
        "run: elsewhere, gpu: 1",
        "run: elsewhere, completions: 4",
        "run: elsewhere, nodeSelector: {a: b}",
    ],
)
def test_a_field_without_an_effect_is_refused(fields: str) -> None:
    report = pipeline.compile(SPEC.replace("ENV", fields).encode(), "platform.yaml").report
    (diagnostic,) = report.sorted()
    assert diagnostic.code in ("missing-key", "unknown-value")
    assert f"`{fields.rpartition(', ')[2].partition(':')[0]}`" in diagnostic.message


@pytest.mark.parametrize("tag", ["١ü", "1.4ü", "٣"])
def test_a_tag_has_letters_of_ascii(tag: str) -> None:
    text = SPEC.replace("training:1.0", f"training:{tag}").replace(", ENV", "")
    (diagnostic,) = pipeline.compile(text.encode(), "platform.yaml").report.sorted()
    assert diagnostic.code == "invalid-image"


@pytest.mark.parametrize(
    ("tag", "label"),
    [("_1", "1"), ("_.1-", "1"), ("1.4_rc", "1.4_rc"), ("__", None), ("x" * 62 + ".1", "x" * 62)],
)
def test_the_version_of_a_tag_is_a_label(tag: str, label: str | None) -> None:
    text = SPEC.replace("training:1.0", f"training:{tag}").replace(", ENV", "")
    result = pipeline.compile(text.encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    (job,) = [resource.manifest for resource in result.lowered["default"].packages["training"].resources
              if resource.kind == "CronJob"]  # fmt: skip
    assert job["metadata"]["labels"].get("app.kubernetes.io/version") == label


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ('models: {churn: {uri: "hf://bert-ü/base", format: huggingface}}', "uri"),
        ("models: {churn: {model: größe, alias: champion}}", "model"),
        ("models: {churn: {image: r.example.com/a:1, probe: /größe}}", "probe"),
        ("components: {postgres: {adopt: {claim: data, folder: daten-ü}}}", "folder"),
        ("login: {issuer: https://sso.example.com/größe, client: {id: a}}", "issuer"),
    ],
)
def test_a_text_that_an_editor_marks_is_refused(section: str, key: str) -> None:
    head = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\n"
    text = f"{head}spec:\n  {section}\n"
    diagnostics = pipeline.compile(text.encode(), "platform.yaml").report.sorted()
    assert key in {diagnostic.path[-1] for diagnostic in diagnostics if diagnostic.path}


SHARED = "volumes: {shm: {mountPath: /dev/shm, size: 2Gi, inMemory: true}}"


def test_shared_memory_is_in_memory() -> None:
    result = pipeline.compile(SPEC.replace(", ENV", f", {SHARED}").encode(), "platform.yaml")
    (job,) = [resource.manifest for resource in result.lowered["default"].packages["training"].resources
              if resource.kind == "CronJob"]  # fmt: skip
    volumes = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["volumes"]
    (source,) = [volume["emptyDir"] for volume in volumes if volume["name"] == "user-shm"]
    assert source == {"medium": "Memory", "sizeLimit": "2Gi"}


def test_a_claim_is_not_in_memory() -> None:
    volumes = "volumes: {data: {mountPath: /data, claim: data, inMemory: true}}"
    result = pipeline.compile(SPEC.replace(", ENV", f", {volumes}").encode(), "platform.yaml")
    assert [diagnostic.message for diagnostic in result.report.sorted()] == [
        "only scratch space can be in memory, and this volume has `claim`"
    ]
