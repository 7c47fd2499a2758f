"""Describe the effects of changing a field on running systems, in the terms of `diff`."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from msgspec import Struct

from compiler.model.manifest import Manifest
from compiler.spec.quantity import amount


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


class FieldChange(Struct, frozen=True):
    """One field, with list elements by name: `spec/template/spec/containers/mlflow/image`."""

    path: str
    before: Any = None  # None if the field is new
    after: Any = None  # None if it is gone


class Judgement(Struct, frozen=True):
    """The risk of a change, the reason, and the way to make the change nevertheless."""

    risk: Risk
    reason: str = ""
    remedy: str = ""
    then: str = ""  # the command that must follow the apply, or it never ends


# A condition on a change, with the object before and after it.
When = Callable[[FieldChange, Manifest, Manifest], bool]

COPY = "copy the data to new volumes first; `spec.move` does so from one instance to another"


def always(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    return True


def shrinks(change: FieldChange, *_: Manifest) -> bool:
    """Whether a quantity becomes smaller; true also for one that can't be read."""
    try:
        return amount(str(change.after)) < amount(str(change.before))
    except ValueError:
        return True


def same_amount(change: FieldChange, *_: Manifest) -> bool:
    """Whether two quantities are equal and only written differently."""
    try:
        return amount(str(change.before)) == amount(str(change.after))
    except ValueError:
        return False


class Effect(Struct, frozen=True):
    """The effect of changing some fields (a regular expression of their paths), under a condition."""

    path: str
    risk: Risk
    reason: str = ""
    remedy: str = ""
    when: When = always
    then: str = ""  # as in Judgement

    def judge(self, change: FieldChange, before: Manifest, after: Manifest) -> Judgement | None:
        """The judgement of a change that fits, or None."""
        if not re.fullmatch(self.path, change.path, re.DOTALL) or not self.when(
            change, before, after
        ):
            return None
        remedy = self.remedy.format(object=_for_kubectl(before))
        return Judgement(self.risk, self.reason, remedy, self.then)


def _for_kubectl(manifest: Manifest) -> str:
    """An object as arguments of kubectl."""
    metadata = manifest["metadata"]
    space = f" -n {metadata['namespace']}" if "namespace" in metadata else ""
    return f"{manifest['kind'].lower()} {metadata['name']}{space}"
