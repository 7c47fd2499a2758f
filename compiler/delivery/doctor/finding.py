"""The result of one check of a cluster."""

from __future__ import annotations

from msgspec import Struct


class Finding(Struct, frozen=True):
    """The result of one check."""

    passed: bool
    text: str
    warns: bool = False  # it is good, and soon no longer

    @property
    def mark(self) -> str:
        if not self.passed:
            return "missing"
        return "soon" if self.warns else "ok"
