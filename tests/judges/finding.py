"""The objection of any judge to one object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    check: str
    kind: str
    namespace: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    operator: bool = False  # the object is about pods that an operator makes

    def __str__(self) -> str:
        return f"{self.check}: {self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True)
class Verdict:
    """All findings on one environment, and which objects the judge said anything about."""

    findings: tuple[Finding, ...]
    looked_at: frozenset[tuple[str, str, str]]  # kind, namespace, name
    passed: int
