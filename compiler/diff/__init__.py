"""The difference between two compilations of a platform, and the effect of applying it.

This module has only values. `compare` finds the differences, `risk` and `data` judge them, `causes`
attributes them to lines of the spec.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum
from typing import Any

from msgspec import Struct


class Risk(IntEnum):
    """The effect of a change on running systems, from harmless to irreversible."""

    NO_OP = 0
    RELOAD = 1
    RESTART = 2
    DOWNTIME = 3
    DATA_LOSS = 4

    @property
    def label(self) -> str:
        return {
            Risk.NO_OP: "no-op",
            Risk.RELOAD: "configuration reload",
            Risk.RESTART: "rolling restart",
            Risk.DOWNTIME: "downtime",
            Risk.DATA_LOSS: "data loss",
        }[self]


class Action(StrEnum):
    """The change of an object. `moved`: a consumer would look for its data in another place.

    `left behind`: a login whose consumer is removed.
    """

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    LEFT = "left behind"


class FieldChange(Struct, frozen=True):
    """One field; list elements by name: `spec/template/spec/containers/mlflow/image`."""

    path: str
    before: Any = None  # None if the field is new
    after: Any = None  # None if the field is removed


class Judgement(Struct, frozen=True):
    """The risk, its reason, and the steps that make the change possible."""

    risk: Risk
    reason: str = ""
    way: str = ""


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
