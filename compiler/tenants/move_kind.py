"""What a kind of back end needs to be moved: a module for each interface fills this in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from compiler import model
from compiler.model import Env

E = TypeVar("E", bound=model.Endpoint[Any, Any])
SIDES = ("from", "to")
Claims = Mapping[str, Mapping[model.Requires[Any], model.Claim]]


def slot(endpoint: type[E], side: str, part: str = "") -> model.Requires[E]:
    """The slot of the Job on one side, for all of a server or for a part of it, such as a database."""
    return model.Requires(f"{side}-{part.replace('_', '-')}" if part else side, endpoint)


def none_unceasing(claims: Sequence[model.Binding]) -> tuple[str, ...]:
    """Everything stands still when the clients are stopped."""
    return ()


def always_fit(offer: model.Offer) -> str:
    """The Job can speak to every server of the interface."""
    return ""


class MoveKind(Struct, frozen=True, kw_only=True):
    """The parts of a move's Job that depend on the interface of both instances."""

    names: Callable[[Sequence[model.Binding]], tuple[str, ...]]
    """The databases, buckets or keys that the clients claim."""

    unceasing: Callable[[Sequence[model.Binding]], tuple[str, ...]] = none_unceasing
    """Those of the names that are written to while every client is stopped."""

    claims: Callable[[Sequence[str], Sequence[model.Binding]], Claims]
    """The claims of the Job on the old and on the new server."""

    room: Callable[[Sequence[Any]], str]
    """Its local disk, by the sections of both instances."""

    env: Callable[[model.Instance[Any], model.Wiring], list[Env]]
    """Its variables."""

    files: Callable[[model.Instance[Any], model.Wiring], Mapping[str, str]]
    """Its scripts, by name."""

    unfit: Callable[[model.Offer], str] = always_fit
    """Why the Job cannot speak to a server; empty where it can."""

    image: str | None = None
    """The image with its programs; None for that of the newer server."""
