"""Describe the difference between two compilations of a platform, and the effect of applying it.

This module has only values. `compare` finds the differences, `risk` and `data` judge them, `attribution`
finds the lines of the spec that cause them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from compiler.model.effects import FieldChange, Judgement, Risk


class Action(StrEnum):
    """The change of an object. `moved`: a consumer would look for its data in another place.

    `left behind`: a login or data whose consumers are removed. `kept`: data that a renamed instance still uses.
    `set upstream`: an object of an upstream system, in which the platform requires other settings.
    """

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    LEFT_BEHIND = "left behind"
    RETAINED = "kept"
    SET_UPSTREAM = "set upstream"


class Cause(Struct, frozen=True):
    """A line of the spec that causes a change."""

    path: str
    place: str  # file:line in the spec that has the line


class Change(Struct, frozen=True):
    """A change of one object, or of one consumer's data."""

    environment: str
    component: str
    action: Action
    kind: str
    namespace: str
    name: str
    fields: tuple[FieldChange, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    causes: tuple[Cause, ...] = ()
    recreation: bool = False  # the API server refuses the change: the object must be recreated

    @property
    def risk(self) -> Risk:
        return worst(judgement.risk for judgement in self.judgements)

    @property
    def label(self) -> str:
        return f"{self.risk.label}, recreation" if self.recreation else self.risk.label

    @property
    def title(self) -> str:
        full_name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {full_name}"


def worst(risks: Iterable[Risk]) -> Risk:
    return max(risks, default=Risk.NO_OP)
