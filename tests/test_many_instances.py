"""Findings about a platform with hundreds of instances are as short as those about a few."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from cProfile import Profile
from pathlib import Path
from pstats import Stats
from types import FrameType
from typing import Any

import pytest
from support.command_line import run
from support.diagnosing import compiled

from compiler.diagnostics import Diagnostic

MANY = 300
IMAGE = "registry.example.internal/job:1.0.0"


def spec(sections: dict[str, Any]) -> bytes:
    head = {"apiVersion": "platformc/v1alpha1", "kind": "Platform", "metadata": {"name": "many"}}
    return json.dumps({**head, "spec": sections}, indent=1).encode()


def jobs(count: int, uses: str) -> dict[str, Any]:
    return {f"job-{number}": {"image": IMAGE, "uses": [uses]} for number in range(count)}


def trackers(count: int) -> dict[str, Any]:
    return {f"runs-{number}": {"type": "mlflow"} for number in range(count)}


def models(count: int) -> dict[str, Any]:
    model = {"format": "sklearn", "uri": "s3://models/iris", "access": "public"}
    return {
        f"model-{number}": {**model, "namespace": f"team-{number % 20}"} for number in range(count)
    }


STORES: dict[str, Any] = {"one": {"type": "seaweedfs"}, "two": {"type": "seaweedfs"}}
CASES: dict[str, dict[str, Any]] = {
    "connection-budget": {
        "components": {"postgres": {"maxConnections": 100}},
        "workloads": jobs(MANY, "postgres"),
    },
    "quota-exceeded": {
        "cluster": {"quotas": {"mlops": {"cpu": "1"}}},
        "components": {"seaweedfs": {}},
        "workloads": jobs(MANY, "seaweedfs"),
    },
    "ambiguous-binding": {"components": {**STORES, "postgres": {}, **trackers(MANY)}},
    "unbound-requirement": {"components": {"seaweedfs": {}, **trackers(MANY)}},
}


def errors(sections: dict[str, Any]) -> list[Diagnostic]:
    return compiled(spec(sections)).report.errors


@pytest.mark.parametrize("code", CASES)
def test_a_finding_names_few_of_many_instances(code: str) -> None:
    findings = errors(CASES[code])
    assert {finding.code for finding in findings} == {code}
    for finding in findings:
        lengths = [len(text) for text in (finding.message, *finding.help)]
        assert max(lengths) < 600
        assert len(finding.help) <= 10
        assert len(finding.related) <= 10


def test_models_in_many_namespaces_are_one_line_of_help() -> None:
    components: dict[str, Any] = {**STORES, "kserve": {"mode": "standard"}}
    finding, *_ = errors({"components": components, "models": models(40)})
    assert finding.help == ("add `bind: {store: one}` to each of the models",)
    assert [related.message for related in finding.related] == ["`one` could", "`two` could"]


def test_a_sum_of_many_terms_is_right() -> None:
    """The terms in the message make the total."""
    (finding,) = errors(CASES["connection-budget"])
    numbers = [int(term.split()[0]) for term in finding.message.partition(": ")[2].split(" + ")]
    assert sum(numbers) == 13 + 5 * MANY
    assert f"{sum(numbers)} may be opened" in finding.message


def test_a_list_of_secrets_keeps_its_columns(tmp_path: Path) -> None:
    """One Secret in many namespaces widens its own row; a rule for hundreds of passwords is one line."""
    tenants = {
        f"job-{number}": {
            "image": IMAGE,
            "uses": ["runs", "postgres"],
            "namespace": f"team-{number}",
        }
        for number in range(50)
    }
    for number in range(5):
        tenants[f"read-{number}"] = {**tenants["job-0"], "uses": ["runs", "base"]}
    components = {
        "postgres": {},
        "seaweedfs": {},
        "runs": {"type": "mlflow", "bind": {"backend-store": "postgres"}},
        "base": {"type": "external-postgres", "host": "db.example.com"},
    }
    registry = {"pullSecrets": ["company"]}
    sections = {"components": components, "workloads": tenants, "registry": registry}
    path = tmp_path / "platform.yaml"
    path.write_bytes(spec({**sections, "secrets": {"provider": "existing"}}))
    result = run("secrets", "list", "-f", path)
    header, *rows = result.stdout.splitlines()
    column = header.index("KEYS")
    assert column < 120
    assert len([row for row in rows if row[column - 2 : column] == "  "]) > 0.9 * len(rows)
    notes = result.stderr.splitlines()
    assert len(notes) == len({line.partition(": ")[2] for line in notes}) < 12


@pytest.mark.parametrize(("count", "expected"), [(500, ""), (501, "it has 501 arrows")])
def test_a_picture_that_mermaid_does_not_draw_is_announced(
    tmp_path: Path, count: int, expected: str
) -> None:
    path = tmp_path / "platform.yaml"
    path.write_bytes(spec({"components": {"redis": {}}, "workloads": jobs(count, "redis")}))
    result = run("graph", "-f", path)
    assert result.exit_code == 0
    assert result.stderr.startswith(expected)
    assert bool(result.stderr) == bool(expected)


def calls(teams: int) -> int:
    """The calls of a compile of teams with a namespace, a quota, a tracker and a job each."""
    components: dict[str, Any] = {"seaweedfs": {}, "postgres": {}, "pgbouncer": {}}
    quotas: dict[str, Any] = {}
    tenants: dict[str, Any] = {}
    for number in range(teams):
        space = {"namespace": f"team-{number}"}
        components[f"runs-{number}"] = {"type": "mlflow", **space}
        tenants[f"job-{number}"] = {"image": IMAGE, "uses": [f"runs-{number}"], **space}
        quotas[space["namespace"]] = {"cpu": "9", "memory": "99Gi", "ephemeralStorage": "999Gi"}
    profile = Profile()
    text = spec({"cluster": {"quotas": quotas}, "components": components, "workloads": tenants})
    profile.enable()
    result = compiled(text)
    profile.disable()
    assert not result.report.failed
    return int(Stats(profile).total_calls)  # type: ignore[attr-defined]


def test_a_quota_for_each_team_costs_linear_time() -> None:
    calls(2)  # what is kept for later calls
    few, some, many = calls(10), calls(20), calls(40)
    assert many - some < 2.1 * (some - few)


def lines(teams: int) -> int:
    """The lines that a compile of teams executes, each with a page behind a login, a store and a job."""
    components: dict[str, Any] = {"postgres": {}, "istio": {}, "monitoring": {}}
    tenants: dict[str, Any] = {}
    for number in range(teams):
        space = {"namespace": f"team-{number}"}
        components[f"store-{number}"] = {"type": "seaweedfs", **space}
        bound = {"bind": {"artifacts": f"store-{number}"}}
        components[f"runs-{number}"] = {"type": "mlflow", **bound, **space}
        tenants[f"job-{number}"] = {"image": IMAGE, "uses": [f"runs-{number}"], **space}
    login = {"issuer": "https://sso.example.com", "client": {"id": "ml"}}
    text = spec({"login": login, "components": components, "workloads": tenants})
    executed = 0

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        nonlocal executed
        executed += event == "line"
        return trace

    sys.settrace(trace)
    try:
        result = compiled(text)
    finally:
        sys.settrace(None)
    assert not result.report.failed
    return executed


def test_a_store_and_a_page_for_each_team_cost_linear_time() -> None:
    """A loop over all bindings calls nothing, so lines are counted."""
    lines(2)  # what is kept for later calls
    few, some, many = lines(8), lines(16), lines(32)
    assert many - some < 2.02 * (some - few)
