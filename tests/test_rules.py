"""The functions of rules have the names and parameters by which `check/` calls them."""

from __future__ import annotations

import inspect
import re
from types import ModuleType

import pytest
from support.paths import ROOT

from compiler.check import rules

# As in the docstring of `compiler/check/__init__.py`.
FUNCTIONS = {
    "rules": {
        "check_instance": ["instance", "platform", "report"],
        "check_spec": ["platform", "report"],
        "check_specs": ["platforms", "report"],
        "check": ["platform", "graph", "report"],
        "check_all": ["platforms", "graphs", "report"],
    },
    "rules/objects": {
        "check_objects": ["platform", "lowered", "report"],
        "check_all_objects": ["environments", "report"],
    },
}
SETTINGS = {"NEEDS_EVERY_INSTANCE"}
MODULES = [(folder, rule) for folder in FUNCTIONS for rule in rules(folder)]


def _public(rule: ModuleType) -> dict[str, list[str]]:
    """The functions that a rule defines for callers, with their parameters."""
    return {
        name: list(inspect.signature(function).parameters)
        for name, function in inspect.getmembers(rule, inspect.isfunction)
        if function.__module__ == rule.__name__ and not name.startswith("_")
    }


def _imported(module: str) -> set[str]:
    """The names that other modules and tests import from a rule, as modules may share its questions."""
    form = re.compile(rf"from {re.escape(module)} import (?:\(([^)]*)\)|(.*))")
    texts = (
        path.read_text() for top in ("compiler", "tests") for path in (ROOT / top).rglob("*.py")
    )
    lists = ("".join(match.groups("")) for text in texts for match in form.finditer(text))
    return {name.strip() for names in lists for name in names.split(",")}


@pytest.mark.parametrize(
    ("folder", "rule"), MODULES, ids=lambda part: getattr(part, "__name__", part)
)
def test_each_check_of_a_rule_is_called(folder: str, rule: ModuleType) -> None:
    """A misspelt `check_instances` or `chek_all` would never run, and its rule would find nothing."""
    functions = _public(rule)
    checks = functions.keys() & FUNCTIONS[folder].keys()
    assert checks
    for name in checks:
        assert functions[name] == FUNCTIONS[folder][name]
    assert functions.keys() - checks <= _imported(rule.__name__)


@pytest.mark.parametrize(
    ("folder", "rule"), MODULES, ids=lambda part: getattr(part, "__name__", part)
)
def test_each_setting_of_a_rule_is_read(folder: str, rule: ModuleType) -> None:
    assert {name for name in vars(rule) if name.startswith("NEEDS")} <= SETTINGS
