"""Read a component's module, and check that the results of its functions keep the contract.

A violation is a mistake of the component's author: the error names the component and its file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from types import ModuleType
from typing import Any, get_args

from compiler.model.binding import Claim, Claims, Offer, Offers, Provides, Requires
from compiler.model.component import Component, Piece
from compiler.model.custom_resource import is_builtin
from compiler.model.graph import Wiring
from compiler.model.instance import Instance
from compiler.model.resource import Phase, Resource

REQUIRED = ("PHASE", "Spec", "claims", "offers", "lower")
_FIELDS, _VALUES = Component.__struct_fields__, Component.__struct_defaults__
# The names that a module may leave out, with their defaults: these are the last fields of Component.
DEFAULTS: Mapping[str, Any] = dict(zip(_FIELDS[-len(_VALUES) :], _VALUES, strict=True))
_PIECES = get_args(Piece)
_KINDS: Mapping[str, type[Any]] = {"PHASE": Phase, "Spec": type}


class ComponentError(Exception):
    """A component's module breaks the contract."""

    def __init__(self, type: str, file: str, problem: str) -> None:
        super().__init__(f"component `{type}` ({file}): {problem}")
        self.type, self.file, self.problem = type, file, problem


def read(module: ModuleType, type: str) -> Component:
    """A module as a component, with the defaults of the contract for the names that it lacks."""
    file = str(vars(module).get("__file__", module.__name__))
    present = {name: vars(module)[name] for name in (*REQUIRED, *DEFAULTS) if name in vars(module)}
    for name in REQUIRED:
        if name not in present:
            raise ComponentError(type, file, f"its module has no `{name}`")
    _check_names(type, file, present)
    present["claims"] = _checked(present["claims"], _of_claims, type, file)
    present["offers"] = _checked(present["offers"], _of_offers, type, file)
    present["lower"] = _lowering(present["lower"], type, file)
    slots = [value for value in vars(module).values() if isinstance(value, (Requires, Provides))]
    return Component(
        name=type,
        file=file,
        description=module.__doc__ or "",
        requires=tuple(slot for slot in slots if isinstance(slot, Requires)),
        provides=tuple(slot for slot in slots if isinstance(slot, Provides)),
        **present,
    )


def _check_names(type: str, file: str, present: Mapping[str, Any]) -> None:
    for name, value in present.items():
        if name.islower():
            fits, expected = callable(value), "function"
        else:
            kind = _KINDS.get(name) or DEFAULTS[name].__class__
            fits, expected = isinstance(value, kind), kind.__name__
        if not fits:
            raise ComponentError(type, file, f"`{name}` is {_a(value)}, not a {expected}")


def _checked(
    function: Callable[[Any], Any], problem_of: Callable[[Any], str | None], type: str, file: str
) -> Callable[[Any], Any]:
    """A function of a module, with a check of its result."""

    @wraps(function)
    def checked(me: Instance[Any]) -> Any:
        result = function(me)
        problem = problem_of(result)
        if problem:
            raise ComponentError(type, file, f"`{function.__name__}` returns {problem}")
        return result

    return checked


def _of_claims(result: Claims) -> str | None:
    return _of_slots(result, Requires, Claim)


def _of_offers(result: Offers) -> str | None:
    return _of_slots(result, Provides, Offer)


def _of_slots(result: Any, slot: type[Any], value: type[Any]) -> str | None:
    """The problem with a mapping of slots to claims or offers, or None."""
    if not isinstance(result, Mapping):
        return f"{_a(result)}, not a mapping"
    for key, entry in result.items():
        if not isinstance(key, slot):
            return f"{_a(key)} as a key, not a `model.{slot.__name__}`"
        if not isinstance(entry, value):
            return f"{_a(entry)} for the slot `{key.slot}`, not a `model.{value.__name__}`"
    return None


def _lowering(
    function: Callable[[Any, Wiring], Iterable[Piece]], type: str, file: str
) -> Callable[[Any, Wiring], Iterator[Piece]]:
    """The function `lower` of a module, with a check of each piece."""

    @wraps(function)
    def lower(me: Instance[Any], wiring: Wiring) -> Iterator[Piece]:
        pieces = function(me, wiring)
        if not isinstance(pieces, Iterable):
            raise ComponentError(type, file, f"`lower` returns {_a(pieces)}, not pieces")
        for piece in pieces:
            problem = _of_piece(piece)
            if problem:
                raise ComponentError(type, file, f"`lower` yields {problem}")
            yield piece

    return lower


def _of_piece(piece: Any) -> str | None:
    """The problem with a piece, or None."""
    if not isinstance(piece, _PIECES):
        return f"{_a(piece)}, which is not a `model.Piece`"
    if not isinstance(piece, Resource):
        return None
    manifest = piece.manifest
    for key in ("apiVersion", "kind", "metadata"):
        if not (isinstance(manifest, dict) and manifest.get(key)):
            return f"a resource without `{key}`"
    if not manifest["metadata"].get("name"):
        return f"a {manifest['kind']} without a name"
    group = str(manifest["apiVersion"]).rpartition("/")[0]
    if piece.custom is None and not is_builtin(group):
        return f"a {manifest['kind']} of `{group}` without its `model.CustomResource`"
    return None


def _a(value: object) -> str:
    return f"a value of type `{value.__class__.__name__}`"
