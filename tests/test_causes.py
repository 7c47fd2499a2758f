"""`diff`: each change names the lines of the spec that it comes from."""

from __future__ import annotations

import json

import pytest
from support.changing import (
    GONE,
    MINIO,
    MLFLOW,
    POSTGRES,
    C,
    W,
    changes,
    compiled,
    edited,
    named,
    of_models,
)
from support.paths import ROOT

from compiler import pipeline
from compiler.diff import Cause, worst
from compiler.diff.compare import compare
from compiler.model.effects import Risk


def test_each_change_names_the_line_that_it_comes_from() -> None:
    """Two sections change; their effects are separate, across bindings too."""
    actual = changes({f"{POSTGRES}.maxConnections": 400, f"{MLFLOW}.workers": 3})
    server = named(actual, "Deployment mlops/mlflow")
    assert [cause.path for cause in server.causes] == [f"{MLFLOW}.workers"]
    database = named(actual, "StatefulSet mlops/postgres")
    assert [cause.path for cause in database.causes] == [f"{POSTGRES}.maxConnections"]
    pools = named(actual, "ConfigMap mlops/pgbouncer")
    assert {cause.path for cause in pools.causes} == {f"{POSTGRES}.maxConnections"}
    text = json.dumps(edited({f"{POSTGRES}.maxConnections": 400, f"{MLFLOW}.workers": 3}), indent=1)
    line = 1 + text.splitlines().index('    "workers": 3')
    assert server.causes[0].place == f"new.yaml:{line}"


def test_models_change_like_everything_else_each_by_its_own_section() -> None:
    actual = compare(of_models(), of_models(CHURN="v2", FRAUD="2"))
    assert {(change.title, change.risk, change.causes[0].path) for change in actual} == {
        ("InferenceService mlops/churn", Risk.RESTART, "spec.models.churn.uri"),
        ("InferenceService mlops/fraud", Risk.RESTART, "spec.models.fraud.minReplicas"),
    }


def test_what_all_models_share_changes_them_all() -> None:
    actual = compare(of_models(), of_models(MODE="mode: standard"))
    for name in ("churn", "fraud"):
        change = named(actual, f"InferenceService mlops/{name}")
        assert [cause.path for cause in change.causes] == ["spec.components.kserve.mode"]
        assert change.recreation


def test_what_is_gone_is_shown_where_it_was() -> None:
    actual = changes({f"{W}.report": GONE})
    assert {change.causes[0].path for change in actual} == {f"{W}.report"}
    assert {change.causes[0].place.split(":")[0] for change in actual} == {"old.yaml"}


def test_sections_that_need_each_other_are_named_together() -> None:
    actual = changes({MINIO: GONE, f"{C}.seaweedfs": {}})
    paths = {cause.path for cause in named(actual, "StatefulSet storage/minio").causes}
    assert paths == {MINIO, f"{C}.seaweedfs"}


def test_the_cause_is_found_where_one_section_alone_does_not_compile() -> None:
    """A store is replaced by another, and a workload stops to use its bucket: two causes."""
    before = (ROOT / "platform.yaml").read_text()
    after = before
    for old, new in (
        ("    redis: {memory: 4Gi}", "    valkey: {memory: 4Gi}"),
        ("        redis: {memory: 1Gi}", "        valkey: {memory: 1Gi}"),
        ("uses: [mlflow, feast]", "uses: [mlflow]"),
        ("writers: [churn-training]", "writers: []"),
        ("domain: ml.example.internal", "domain: ml.example.org"),
    ):
        assert after.count(old) == 1
        after = after.replace(old, new)
    first_result, second = (
        pipeline.compile(text.encode(), "platform.yaml") for text in (before, after)
    )
    actual = tuple(
        change for change in compare(first_result, second) if change.environment == "prod"
    )
    swap, uses = {f"{C}.redis", f"{C}.valkey"}, {f"{W}.churn-training.uses"}
    for title, causes in {
        "StatefulSet mlops/redis": swap,
        "StatefulSet mlops/valkey": swap,
        "ConfigMap mlops/feast": swap,
        "CronJob mlops/churn-training": uses,
        "Login churn-training-feast-registry of postgres": uses,
        "VirtualService mlops/fraud-detection-edge": {"spec.domain"},
    }.items():
        assert {cause.path for cause in named(actual, title).causes} == causes, title


def test_a_new_environment_disturbs_no_other() -> None:
    before = compiled(edited({"spec.environments": {"dev": {}}}))
    after = compiled(edited({"spec.environments": {"dev": {}, "prod": {}}}))
    actual = compare(before, after)
    assert {change.environment for change in actual} == {"prod"}
    assert worst(change.risk for change in actual) is Risk.RELOAD
    assert {cause.path for change in actual for cause in change.causes} == {
        "spec.environments.prod"
    }


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_an_environment_that_is_added_or_removed_has_its_own_line(name: str) -> None:
    spec = edited({"spec.environments": {"dev": {}, "prod": {}}})
    both = compiled(spec, "both.yaml")
    line = 1 + json.dumps(spec, indent=1).splitlines().index(
        f'   "{name}": {{}}' + ("," if name == "dev" else "")
    )
    del spec["spec"]["environments"][name]
    other = compiled(spec, "other.yaml")
    for before, after in ((both, other), (other, both)):
        causes = {cause for change in compare(before, after) for cause in change.causes}
        assert causes == {Cause(f"spec.environments.{name}", f"both.yaml:{line}")}
