"""No help and no correction proposes a key that the same map has: it would occur twice."""

from __future__ import annotations

import pytest
from support.command_line import run
from support.diagnosing import HEADER, diagnosed

from compiler import pipeline
from compiler.fix import Fixed, fixed

BASE = "spec:\n  components:\n    seaweedfs: {}\n    postgres: {}\n"
# After the text: its finding, and the help.
THERE = {
    "a component before the right one": (
        f"{BASE}    mlfow: {{replicas: 3}}\n    mlflow: {{}}",
        "unknown-type", ["`mlflow` is in this map already: delete one of the two",
                         "write `mlfow: {type: mlflow, ...}` for a second `mlflow`"]),
    "a component with dashes": (
        f"{BASE}    ml-flow: {{}}\n    mlflow: {{replicas: 2}}",
        "unknown-type", ["`mlflow` is in this map already: delete one of the two",
                         "write `ml-flow: {type: mlflow, ...}` for a second `mlflow`"]),
    "a field": (
        "spec:\n  components:\n    postgres:\n      storge: 10Gi\n      storage: 20Gi",
        "unknown-key", ["`storage` is in this map already: delete one of the two"]),
    "a field that another tool calls so": (
        "spec:\n  components:\n    redis: {replicaCount: 2, replicas: 1}",
        "unknown-key", ["`replicas` is in this map already: delete one of the two"]),
    "a field that an advice names": (
        "spec:\n  components:\n    postgres: {persistence: {size: 30Gi}, storage: 20Gi}",
        "unknown-key", ["`storage` is in this map already: delete one of the two"]),
    "a section": (
        "spec:\n  component: {redis: {}}\n  components: {}",
        "unknown-key", ["`components` is in this map already: delete one of the two"]),
    "a section at the margin": (
        "components: {redis: {}}\nspec:\n  components: {}",
        "unknown-key", ["`spec` has `components` too: merge them"]),
    "the environments": (
        "spec:\n  components: {}\n  environmnts: {dev: {}}\n  environments: {prod: {}}",
        "unknown-key", ["`environments` is in this map already: delete one of the two"]),
    "an instance of an environment": (
        f"{BASE}    mlflow: {{}}\n  environments:\n    dev:\n      components:\n"
        "        mlfow: {replicas: 2}\n        mlflow: {replicas: 3}",
        "unknown-instance", ["`mlflow` is in this map already: delete one of the two",
                             "a new instance says its `type:`; an override uses a name of the base"]),
    "a field of an environment, beside the right one": (
        "spec:\n  components: {postgres: {storage: 1Gi}}\n  environments:\n"
        "    dev: {components: {postgres: {storge: 2Gi, storage: 3Gi}}}",
        "unknown-key", ["`storage` is in this map already: delete one of the two"]),
    "a removal": (
        "spec:\n  components: {postgres: {storage: 1Gi}}\n  environments:\n"
        "    dev: {components: {postgres: {storge: null, storage: 3Gi}}}",
        "nothing-to-remove", ["`storage` is in this map already: delete one of the two"]),
    "a slot": (
        f"{BASE}    mlflow: {{bind: {{artefacts: seaweedfs, artifacts: seaweedfs}}}}",
        "unknown-binding", ["`artifacts` is in this map already: delete one of the two"]),
}  # fmt: skip
# The right key is in another map, and the correction is possible.
ELSEWHERE = {
    "a field that the base has": (
        "components: {postgres: {storage: 1Gi}}\n  environments:\n    dev: {components: {postgres: {storge: 2Gi}}}",
        "components: {postgres: {storage: 1Gi}}\n  environments:\n    dev: {components: {postgres: {storage: 2Gi}}}",
    ),
    "a field that an environment has": (
        "components: {postgres: {storge: 1Gi}}\n  environments:\n    dev: {components: {postgres: {storage: 2Gi}}}",
        "components: {postgres: {storage: 1Gi}}\n  environments:\n    dev: {components: {postgres: {storage: 2Gi}}}",
    ),
    "a section of an environment that the base has": (
        "environments:\n    dev: {component: {postgres: {storage: 2Gi}}}\n  components: {postgres: {storage: 1Gi}}",
        "environments:\n    dev: {components: {postgres: {storage: 2Gi}}}\n  components: {postgres: {storage: 1Gi}}",
    ),
    "a section of the base that an environment has": (
        "namespac: a\n  components: {redis: {}}\n  environments:\n    dev: {namespace: b}",
        "namespace: a\n  components: {redis: {}}\n  environments:\n    dev: {namespace: b}",
    ),
}  # fmt: skip
# Keys of an environment that are right at another level: the help.
MISPLACED = {
    "environments: {test: {}}": "an environment has no environments: delete the key",
    "spec: {components: {postgres: {storage: 2Gi}}}": "write its keys in the place of `spec:`, without it",
    "postgres: {storage: 2Gi}": "indent `postgres:` below `components:`",
    "redis: {}": "indent `redis:` below `components:`",
    "train: {image: 'example.com/t:2'}": "indent `train:` below `workloads:`",
}


def corrected(data: bytes) -> Fixed:
    return fixed(data, lambda data: pipeline.compile(data, "platform.yaml").report)


@pytest.mark.parametrize("case", sorted(THERE))
def test_a_key_that_is_there_is_not_proposed(case: str) -> None:
    text, code, help = THERE[case]
    data = f"{HEADER}{text}\n".encode()
    (finding,) = [finding for finding in diagnosed(data) if finding.code == code]
    assert (list(finding.help), finding.fix) == (help, None)
    assert corrected(data) == Fixed(data)


@pytest.mark.parametrize("override", sorted(MISPLACED))
def test_a_key_of_another_level_has_the_help_to_move_it(override: str) -> None:
    workloads = "workloads: {train: {image: 'example.com/t:1'}}"
    text = f"{BASE}  {workloads}\n  environments:\n    dev:\n      {override}\n"
    (finding,) = diagnosed(f"{HEADER}{text}".encode())
    assert (finding.code, list(finding.help)) == ("unknown-key", [MISPLACED[override]])


@pytest.mark.parametrize("case", sorted(ELSEWHERE))
def test_a_key_of_another_map_is_proposed(case: str) -> None:
    wrong, right = ELSEWHERE[case]
    assert corrected(f"{HEADER}spec:\n  {wrong}\n".encode()).data == (
        f"{HEADER}spec:\n  {right}\n".encode()
    )


def test_the_command_ends_with_the_errors(tmp_path: object) -> None:
    file = f"{tmp_path}/platform.yaml"
    with open(file, "w") as spec:
        spec.write(f"{HEADER}{THERE['a component before the right one'][0]}\n")
    result = run("validate", "--fix", "-f", file)
    assert result.exit_code == 1, result.stderr
