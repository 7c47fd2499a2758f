"""Find component types: one folder each, or an entry point of another package.

A type is imported only if a spec names it, because imports take most of the time of a small
compile.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from compiler import tenants
from compiler.model.component import Component
from compiler.model.instance import Instance

GROUP = "platformc.components"
_FOLDER = Path(__file__).parent / "components"


@cache
def builtin_types() -> tuple[str, ...]:
    """The types that the compiler ships, sorted."""
    folders = (
        entry
        for entry in _FOLDER.iterdir()
        if entry.name != "bases" and (entry / "__init__.py").is_file()
    )
    return tuple(sorted(entry.name.replace("_", "-") for entry in folders))


def all_types() -> tuple[str, ...]:
    """Every type that a spec may name, including those of other packages."""
    return tuple(sorted({*builtin_types(), *_entry_points()}))


@cache
def component(type: str) -> Component | None:
    """The module of a component type, or None."""
    if type in builtin_types():
        return cast(Component, import_module(f"compiler.components.{type.replace('-', '_')}"))
    entry_point = _entry_points().get(type)
    return cast(Component, import_module(entry_point)) if entry_point else None


def module(instance: Instance[Any]) -> Component:
    """The code of an instance: the module of its component type, or of its section."""
    if instance.section != "components":
        return tenants.module(instance.section)
    component_module = component(instance.type)
    assert component_module is not None, instance.type
    return component_module


def sole(instance: Instance[Any]) -> str | None:
    """The reason that a cluster may have only one instance of this type, or None."""
    return getattr(module(instance), "CLUSTER_SINGLETON", None)


def upstreams(instance: Instance[Any] | None) -> bool:
    """Whether an instance is in an operator's namespace, where platformc denies no traffic.

    A policy there would block clients that are not part of the platform.
    """
    return instance is not None and getattr(module(instance), "UPSTREAM_NAMESPACE", False)


@cache
def _entry_points() -> dict[str, str]:
    # importlib.metadata takes longer than a small compile, so it is used only for types that are not shipped.
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=GROUP)}


def providers(interface: str) -> tuple[str, ...]:
    """The types that offer an interface directly, for proposals in help texts."""
    return tuple(type for type in all_types() if interface in provided(type))


def provided(type: str) -> tuple[str, ...]:
    """The interfaces that a type's module provides (its module-level `Provides`)."""
    from compiler.model.binding import Provides

    slots = vars(component(type)).values()
    return tuple(
        slot.endpoint.interface
        for slot in slots
        if isinstance(slot, Provides) and slot.forwards is None and not slot.explicit
    )
