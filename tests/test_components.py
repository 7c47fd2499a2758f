"""Every component keeps the contract: its names, its interfaces, and defaults that compile."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

import pytest
import yaml
from support.paths import SCENARIOS
from support.scenarios import scenario_names

from compiler import model, registry
from compiler.model.binding import Offer, Provides, Requires
from compiler.pipeline import compile as compile_spec
from compiler.spec.section import fields

each_type = pytest.mark.parametrize("type", registry.builtin_types())

# Facts that a component cannot derive, for its required fields.
REQUIRED_VALUES: dict[str, Any] = {"host": "service.example.internal", "remotes": {"data": {}}}
# Needed although the schema does not say so: an address for laptops where there is no gateway, and the
# host of one server.
NEEDED = {
    "dvc": {"externalEndpoint": "http://store.example.internal"},
    "external-redis": {"host": "service.example.internal"},
}


def slots(type: str) -> Iterator[Provides[Any] | Requires[Any]]:
    component = registry.component(type)
    assert component is not None
    yield from component.requires
    yield from component.provides


@each_type
def test_it_has_the_names_of_the_contract(type: str) -> None:
    component = registry.component(type)
    assert component is not None
    assert component.description
    assert issubclass(component.Spec, model.InstanceSpec)
    assert component.Spec.__doc__


@each_type
def test_every_field_says_what_it_is(type: str) -> None:
    component = registry.component(type)
    assert component is not None
    silent = [name for name, _, field in fields(component.Spec) if not field.description]
    assert silent == []


@each_type
def test_what_stands_in_for_it_offers_the_same(type: str) -> None:
    component = registry.component(type)
    assert component is not None
    offered = set(registry.provided(type))
    for name in component.ALTERNATIVES:
        substitute = registry.component(name)
        assert substitute is not None
        assert offered <= set(registry.provided(name))
        assert not substitute.UNMAINTAINED
    assert bool(component.ALTERNATIVES) == bool(component.UNMAINTAINED)


@each_type
def test_its_interfaces_are_files_of_their_own(type: str) -> None:
    for slot in slots(type):
        endpoint = slot.endpoint
        interface = import_module(f"compiler.interfaces.{endpoint.interface.replace('-', '_')}")
        assert issubclass(endpoint, interface.Endpoint)
        assert issubclass(interface.Claim, model.Claim)
        if isinstance(slot, Provides):
            assert issubclass(getattr(interface, "Offer", Offer), Offer)


@each_type
def test_its_slots_have_names_of_their_own(type: str) -> None:
    names = [slot.slot for slot in slots(type)]
    assert len(names) == len(set(names))


@each_type
def test_a_scenario_shows_it(type: str) -> None:
    assert type in types_in_scenarios()


@cache
def types_in_scenarios() -> frozenset[str]:
    actual: set[str] = set()
    for scenario in scenario_names():
        spec = yaml.load((SCENARIOS / scenario / "platform.yaml").read_text(), yaml.CSafeLoader)[
            "spec"
        ]
        for name, section in spec.get("components", {}).items():
            actual.add((section or {}).get("type", name))
    return frozenset(actual)


@each_type
def test_its_defaults_compile(type: str) -> None:
    result = compile_spec(alone(type).encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    assert result.tree()


def alone(type: str) -> str:
    """A platform of one component, and its requirements."""
    components: dict[str, Any] = {}
    _add(type, components)
    document = {
        "apiVersion": "platformc/v1alpha1",
        "kind": "Platform",
        "metadata": {"name": "alone"},
        "spec": {"components": components},
    }
    return yaml.safe_dump(document)


def _add(type: str, components: dict[str, Any]) -> None:
    components[type] = _section(type)
    for interface in _wanted(type):
        offered = {
            interface for component in components for interface in registry.provided(component)
        }
        if interface not in offered:
            _add(_simplest(interface), components)


def _wanted(type: str) -> list[str]:
    """Interfaces that its section needs as it is: as the compiler reports them."""
    text = {"components": {type: _section(type)}}
    document = {"apiVersion": "platformc/v1alpha1", "kind": "Platform",
                "metadata": {"name": "alone"}, "spec": text}  # fmt: skip
    report = compile_spec(yaml.safe_dump(document).encode(), "platform.yaml").report
    missing = [
        diagnostic.message
        for diagnostic in report.sorted()
        if diagnostic.code == "unbound-requirement"
    ]
    return [message.split("`")[3] for message in missing]


def _section(type: str) -> dict[str, Any]:
    component = registry.component(type)
    assert component is not None
    required = {
        key: REQUIRED_VALUES[key] for _, key, field in fields(component.Spec) if field.is_required()
    }
    return {**required, **NEEDED.get(type, {})}


def _simplest(interface: str) -> str:
    """A provider that needs no facts of a foreign service, and as little else as can be."""
    return min(
        registry.providers(interface), key=lambda name: (len(_section(name)), len(name), name)
    )
