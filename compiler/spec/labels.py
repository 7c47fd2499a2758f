"""Define the field types of labels: the keys and values that Kubernetes accepts.

A key has an optional DNS prefix and a name, a value has only a name: at most 63 letters, digits, `-`, `_`
and `.` (Kubernetes 1.34, apimachinery/pkg/util/validation/validation.go).
"""

from __future__ import annotations

from typing import Annotated

from compiler.spec.constraints import Pattern

_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
KEY = rf"([a-z0-9]([-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_NAME}"
VALUE = rf"({_NAME})?"

LabelKey = Annotated[
    str,
    Pattern(
        KEY, "invalid-label", "the key of a label", "write it like `team` or `example.com/team`"
    ),
]
LabelValue = Annotated[
    str,
    Pattern(
        VALUE, "invalid-label", "the value of a label",
        "use at most 63 letters, digits, `-`, `_` and `.`", example="research",
    ),
]  # fmt: skip
Labels = dict[LabelKey, LabelValue]
