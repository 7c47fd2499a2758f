"""Finds components: one folder each, or an entry point of another package.

A type is imported when a spec names it, and not before: start-up is most of a small compile.
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
    """Every type that a spec may name, those of other packages included."""
    return tuple(sorted({*builtin_types(), *_entry_points()}))


@cache
def component(type: str) -> Component | None:
    """The module of a component type, or None."""
    if type in builtin_types():
        return cast(Component, import_module(f"compiler.components.{type.replace('-', '_')}"))
    found = _entry_points().get(type)
    return cast(Component, import_module(found)) if found else None


def module(instance: Instance[Any]) -> Component:
    """The code of an instance: its component's, or its tenant's."""
    if instance.section != "components":
        return tenants.module(instance.section)
    found = component(instance.type)
    assert found is not None, instance.type
    return found


def sole(instance: Instance[Any]) -> str | None:
    """Why a cluster has one instance of this type and no more, if that is so."""
    return getattr(module(instance), "CLUSTER_SINGLETON", None)


def upstreams(instance: Instance[Any] | None) -> bool:
    """Whether an instance lives in an operator's namespace, where nothing is denied by default.

    A policy of ours there would shut out clients that are none of the platform's.
    """
    return instance is not None and getattr(module(instance), "UPSTREAM_NAMESPACE", False)


@cache
def _entry_points() -> dict[str, str]:
    # importlib.metadata alone costs more than a small compile: only unknown types pay for it.
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=GROUP)}


def providers(interface: str) -> tuple[str, ...]:
    """The types that offer an interface by themselves: what a help text may propose."""
    return tuple(type for type in all_types() if interface in provided(type))


def provided(type: str) -> tuple[str, ...]:
    """Interfaces that a type's module says it provides (its module-level `Provides`)."""
    from compiler.model.binding import Provides

    slots = vars(component(type)).values()
    return tuple(
        slot.endpoint.interface
        for slot in slots
        if isinstance(slot, Provides) and slot.forwards is None and not slot.explicit
    )
