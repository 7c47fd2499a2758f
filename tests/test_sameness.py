"""Python counts `1`, `1.0` and `True` as equal. In JSON they are three values."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from compiler import factor, pipeline
from compiler.diff.fields import differences

VALUES = [1, 1.0, True]


@pytest.mark.parametrize(("left", "right"), list(permutations(VALUES, 2)))
@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: {"b": value}, lambda value: [value],
                                  lambda value: [{"name": "x", "b": [{"c": value}]}]])  # fmt: skip
def test_types_differ_at_any_depth(left: Any, right: Any, wrap: Any) -> None:
    before, after = {"a": wrap(left)}, {"a": wrap(right)}
    assert list(factor.difference(before, after))
    assert list(differences(before, after))
    assert not list(factor.difference(before, {"a": wrap(left)}))
    assert not list(differences(before, {"a": wrap(left)}))


def test_environments_have_patches_with_their_own_types() -> None:
    data = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: p}
spec:
  components: {seaweedfs: {}}
  environments:
"""
    for name, value in (("a", "1"), ("b", "true"), ("c", "1.0")):
        patch = "{target: {kind: Namespace, name: mlops}, operations: [{op: test, path: /x, value: %s}]}"
        data += f"    {name}: {{patches: [{patch % value}]}}\n"
    platforms = pipeline.resolved_text(data.encode(), "platform.yaml").platforms
    values = [platforms[name].settings.patches[0].operations[0].value for name in "abc"]
    assert [repr(value) for value in values] == ["1", "True", "1.0"]
