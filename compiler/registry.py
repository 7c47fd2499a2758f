"""Find component types: a type is a folder here, or an entry point of another package.

A type is imported only if a spec names it, because imports take most of the time of a small
compile.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from traceback import walk_tb
from typing import Any

from compiler import tenants
from compiler.files import is_packaged, packaged_names
from compiler.model.component import Component
from compiler.model.contract import ComponentError, read
from compiler.model.instance import Instance
from compiler.model.versions import Versions

GROUP = "platformc.components"
_FOLDER = Path(__file__).parent / "components"
_PACKAGE = "compiler.components"


@cache
def builtin_types() -> tuple[str, ...]:
    """The types that the compiler ships, sorted."""
    folders = (
        name
        for name in packaged_names(_FOLDER)
        if name != "bases" and is_packaged(_FOLDER / name / "__init__.py")
    )
    return tuple(sorted(name.replace("_", "-") for name in folders))


def all_types() -> tuple[str, ...]:
    """Every type that a spec may name, including those of other packages."""
    return tuple(sorted({*builtin_types(), *_entry_points()}))


@cache
def component(type: str) -> Component | None:
    """The component type of a name, or None."""
    name = _module_name(type)
    if name is None:
        return None
    try:
        module = import_module(name)
    except Exception as error:
        problem = f"its module can't be imported: {error.__class__.__name__}: {error}"
        raise ComponentError(type, name, problem) from error
    return read(module, type)


def _module_name(type: str) -> str | None:
    if type in builtin_types():
        return f"{_PACKAGE}.{type.replace('-', '_')}"
    return _entry_points().get(type)


def existing(type: str) -> Component:
    """The component type of a name that is known to be one, such as a name of `all_types`."""
    known = component(type)
    assert known is not None, type
    return known


def component_of(instance: Instance[Any]) -> Component:
    """The module of an instance, of its component type or of its kind of tenant."""
    if instance.section != "components":
        return tenants.component(instance.section)
    return existing(instance.type)


def versions(type: str) -> Versions:
    """The facts about images in the folder of a component type."""
    module = component(type)
    return module.VERSIONS if module else Versions()


def in_upstream_namespace(instance: Instance[Any] | None) -> bool:
    """Whether an instance is in an operator's namespace, where no policy denies traffic by default."""
    return instance is not None and component_of(instance).UPSTREAM_NAMESPACE


@cache
def _entry_points() -> dict[str, str]:
    # importlib.metadata takes longer than a small compile, so it is used only for types that are not shipped.
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=GROUP)}


def providers(interface: str) -> tuple[str, ...]:
    """The types that a help text proposes for an interface: they need no other provider of it."""
    return tuple(type for type in all_types() if interface in provided(type))


def provided(type: str) -> tuple[str, ...]:
    """Interfaces of a type's module-level `Provides` that answer any claim."""
    module = component(type)
    return tuple(
        slot.endpoint.interface
        for slot in (module.provides if module else ())
        if slot.forwards is None and not slot.explicit
    )


def author_error(error: Exception) -> ComponentError | None:
    """The ComponentError for an exception that was raised in or below a component's code, or None."""
    if isinstance(error, ComponentError):
        return error
    modules = {_module_name(type): type for type in all_types()}
    blamed: ComponentError | None = None
    for frame, line in walk_tb(error.__traceback__):
        name = frame.f_globals.get("__name__", "")
        for module, type in modules.items():
            if name == module or name.startswith(f"{module}."):
                problem = f"{error.__class__.__name__} in {frame.f_code.co_name}, line {line}"
                blamed = ComponentError(type, frame.f_code.co_filename, problem)
    return blamed
