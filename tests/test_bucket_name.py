"""Buckets that are called after their instance: a name of an instance may be too short for one."""

from __future__ import annotations

import pytest

from compiler.pipeline import compile as compile_spec

SPEC = """apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: example}}
spec:
  components:
    seaweedfs: {{}}
    postgres: {{}}
    {name}: {section}
"""


@pytest.mark.parametrize(
    ("name", "section", "codes"),
    [
        ("ml", "{type: mlflow}", ["invalid-bucket"]),
        ("mlf", "{type: mlflow}", []),
        ("ml", "{type: mlflow, bucket: tracking}", []),
    ],
)
def test_a_name_too_short_for_a_bucket(name: str, section: str, codes: list[str]) -> None:
    spec = SPEC.format(name=name, section=section)
    actual = compile_spec(spec.encode(), "platform.yaml").report.sorted()
    assert [diagnostic.code for diagnostic in actual] == codes
    assert all(diagnostic.path == ("spec", "components", name) for diagnostic in actual)
