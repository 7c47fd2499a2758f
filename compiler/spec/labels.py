"""Field types of labels: what Kubernetes takes as their keys and values.

An optional DNS prefix and a name of at most 63 characters, a value of at most 63, both of letters, digits,
`-`, `_` and `.` (Kubernetes 1.34, apimachinery/pkg/util/validation/validation.go).
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
