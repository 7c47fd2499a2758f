"""The specs in the tests on a node compile: `make soak` is too rare to notice a change of the language."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from support.paths import ROOT

from compiler import pipeline

CLUSTER = sorted((ROOT / "tests" / "cluster").glob("test_*.py"))


def specs(module: Path) -> list[str]:
    """The texts in a module that are whole specs."""
    texts = [
        node.value
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Constant)
    ]
    return [
        text for text in texts if isinstance(text, str) and text.startswith("apiVersion: platformc")
    ]


@pytest.mark.parametrize("module", CLUSTER, ids=lambda module: module.stem)
def test_a_spec_of_a_cluster_test_compiles(module: Path) -> None:
    for spec in specs(module):
        result = pipeline.compile(spec.encode(), "platform.yaml")
        assert not result.report.failed, result.report.sorted()


def test_the_cluster_tests_have_specs() -> None:
    assert sum(len(specs(module)) for module in CLUSTER) >= 4
