"""Labels by which policies select pods of operators are refused, and all other labels stay."""

from __future__ import annotations

import pytest
from support.diagnosing import diagnosed

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: example, labels: {{{common}}}}}
spec:
  components:
    seaweedfs: {{}}
    cloudnative-pg: {{}}
    mlflow: {{namespace: trackers}}
  workloads:
    report: {{image: "python:3.12.1", command: [python], schedule: "0 3 * * *", labels: {{{own}}}}}
"""
OF_SERVERS = ("cnpg.io/cluster: cloudnative-pg", "cnpg.io/podRole: instance")


def refused(*, own: str = "", common: str = "") -> list[str]:
    diagnostics = diagnosed(SPEC.format(own=own, common=common).encode())
    return [found.message for found in diagnostics if found.code == "invalid-label"]


@pytest.mark.parametrize("label", OF_SERVERS)
def test_a_workload_does_not_pass_for_a_server_of_an_operator(label: str) -> None:
    (message,) = refused(own=label)
    assert message == f"`{label}` would give `report` the connections of other pods"


@pytest.mark.parametrize("label", OF_SERVERS)
def test_no_label_of_the_platform_makes_every_pod_a_server(label: str) -> None:
    assert any("`report`" in message for message in refused(common=label))


@pytest.mark.parametrize(
    "label", ["cnpg.io/cluster: another", "team: research", "podRole: instance"]
)
def test_labels_that_select_nothing_stay(label: str) -> None:
    assert refused(own=label) == refused(common=label) == []


@pytest.mark.parametrize("field", ["/spec", "/spec/podSelector", "/spec/ingress/0/from"])
def test_a_patch_may_take_away_any_field_of_a_policy(field: str) -> None:
    target, operation = (
        "{kind: NetworkPolicy, name: mlflow-tracking}",
        f"{{op: remove, path: {field}}}",
    )
    patch = f"patches: [{{target: {target}, operations: [{operation}]}}]"
    spec = SPEC.format(own="", common="team: research").replace("mlflow: {", f"mlflow: {{{patch}, ")
    codes = {found.code for found in diagnosed(spec.encode())}
    assert codes & {"loosened-guard", "schema-violation"}
