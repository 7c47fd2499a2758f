"""Quotas count what objects request, in every form that an API server reads."""

from __future__ import annotations

from fractions import Fraction

import pytest

from compiler import pipeline
from compiler.spec import quantity

HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\nspec:\n"
SPEC = (
    HEAD
    + """\
  cluster: {quotas: {mlops: {cpu: 2}}}
  components:
    TYPE:
      patches:
        - target: {kind: KIND, name: TYPE}
          operations: [{op: replace, path: PATH/KEY/cpu, value: "AMOUNT"}]
"""
)
CLUSTER = ("cloudnative-pg", "Cluster", "/spec/resources")
SERVER = ("postgres", "StatefulSet", "/spec/template/spec/containers/0/resources")


def codes(patched: tuple[str, str, str], amount: str, key: str = "requests") -> set[str]:
    type, kind, path = patched
    words = {"TYPE": type, "KIND": kind, "PATH": path, "KEY": key, "AMOUNT": amount}
    text = SPEC
    for name, word in words.items():
        text = text.replace(name, word)
    errors = pipeline.compile(text.encode(), "platform.yaml").report.errors
    return {diagnostic.code for diagnostic in errors}


@pytest.mark.parametrize("patched", [CLUSTER, SERVER], ids=["operator", "kubernetes"])
@pytest.mark.parametrize("amount", ["+1", "1e-3", "1E-3", "+.5", "0.5", "100m", "1e-20"])
def test_an_amount_within_the_quota(patched: tuple[str, str, str], amount: str) -> None:
    assert codes(patched, amount) == set()


@pytest.mark.parametrize("amount", ["+10", "1e+2", "1e99", "9999E"])
def test_an_amount_above_the_quota(amount: str) -> None:
    assert codes(CLUSTER, amount) == {"quota-exceeded"}


@pytest.mark.parametrize("key", ["requests", "limits"])
@pytest.mark.parametrize("amount", ["much", "1e1.5", "1 Gi", ""])
def test_a_text_that_is_no_amount_is_refused(key: str, amount: str) -> None:
    assert codes(SERVER, amount, key) == {"patch-refused"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e-3", Fraction(1, 1000)),
        ("+1Gi", Fraction(2**30)),
        ("-1", Fraction(-1)),
        ("1e400", Fraction(2**63 - 1)),
        ("1E", Fraction(10**18)),
    ],
)
def test_the_number_of_an_amount(text: str, number: Fraction) -> None:
    assert quantity.of_object(text) == number
