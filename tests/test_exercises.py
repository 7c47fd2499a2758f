"""No kind of binding goes without a live exercise, unless it is written down why.

The kinds are those of every scenario's graphs; the declarations of modules must be among them.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from live.exercises import ELSEWHERE, Kind, exercised, kind
from support.scenarios import compiled, scenario_names

import compiler.components
from compiler import registry
from compiler.model.binding import Binding, Requires


@cache
def bindings() -> tuple[Binding, ...]:
    graphs = (graph for name in scenario_names() for graph in compiled(name).graphs.values())
    return tuple(binding for graph in graphs for binding in graph.bindings)


@cache
def kinds() -> frozenset[Kind]:
    return frozenset(map(kind, bindings()))


def excused(kind: Kind) -> bool:
    return any(kind.matches(pattern) for pattern in ELSEWHERE)


def test_every_kind_of_binding_is_exercised_or_excused() -> None:
    idle = {kind for kind in kinds() | exercised() if kind not in exercised() and not excused(kind)}
    assert idle == set()


def test_no_excuse_is_stale() -> None:
    for pattern in ELSEWHERE:
        matched = {kind for kind in kinds() if kind.matches(pattern)}
        assert matched, f"no binding is {pattern}"
        assert not matched & exercised(), f"{pattern} is exercised"


def test_every_slot_that_a_component_declares_is_bound_in_a_scenario() -> None:
    bound = {(binding.consumer.type, binding.requires) for binding in bindings()}
    for type in registry.builtin_types():
        component = registry.component(type)
        assert component is not None
        assert {(type, slot) for slot in component.requires} <= bound


def test_every_slot_that_any_module_declares_is_bound_in_a_scenario() -> None:
    bound = {binding.requires for binding in bindings()}
    packages = (compiler.components, importlib.import_module("compiler.interfaces"),
                importlib.import_module("compiler.tenants"))  # fmt: skip
    for package in packages:
        for walk_package in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(walk_package.name)
            slots = {var for var in vars(module).values() if isinstance(var, Requires)}
            assert slots <= bound, walk_package.name
