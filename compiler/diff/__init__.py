"""What differs between two compilations of a platform, and what applying the difference does.

Values only; `compare` finds the differences, `risk` and `data` judge them, `causes` says which lines
of the spec they come from.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum
from typing import Any

from msgspec import Struct


class Risk(IntEnum):
    """What a change does to what runs, from harmless to irreversible."""

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
    """What happens to an object; `moved` is a consumer whose data is looked for elsewhere.

    What is left behind is a login whose consumer is gone.
    """

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    LEFT = "left behind"


class FieldChange(Struct, frozen=True):
    """One field, with list elements by name: `spec/template/spec/containers/mlflow/image`."""

    path: str
    before: Any = None  # None where the field is new
    after: Any = None  # None where it is gone


class Judgement(Struct, frozen=True):
    """How bad, why, and how to do it nevertheless."""

    risk: Risk
    reason: str = ""
    way: str = ""


class Cause(Struct, frozen=True):
    """A line of the spec that a change comes from."""

    path: str
    place: str  # file:line, of the spec that has the line


class Change(Struct, frozen=True):
    """One object, or one consumer's data, that is not what it was."""

    environment: str
    component: str
    action: Action
    kind: str
    namespace: str
    name: str
    fields: tuple[FieldChange, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    causes: tuple[Cause, ...] = ()
    recreation: bool = False  # a cluster refuses it: the object must be made anew

    @property
    def risk(self) -> Risk:
        return worst(judgement.risk for judgement in self.judgements)

    @property
    def label(self) -> str:
        return f"{self.risk.label}, recreation" if self.recreation else self.risk.label

    @property
    def title(self) -> str:
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {where}"


def worst(risks: Iterable[Risk]) -> Risk:
    return max(risks, default=Risk.NO_OP)
