"""The examples on the pages of diagnostics."""

from __future__ import annotations

import re
from dataclasses import dataclass

from compiler.diagnostics.pages import page
from support.diagnosing import HEADER


@dataclass(frozen=True, slots=True)
class Example:
    """One of a page's two examples: a spec, or commands for a spec."""

    language: str
    body: str

    @property
    def spec(self) -> bytes:
        """The spec in full: pages leave out the parts that all of them share."""
        text = HEADER + self.body if self.body.startswith("spec:") else self.body
        return text.encode("latin-1" if "latin-1" in self.language else "utf-8")


def examples(code: str) -> tuple[Example, Example]:
    """The wrong example of a page, and the right one."""
    blocks = re.findall(r"^```(\w[^\n]*)\n(.*?)^```$", page(code), flags=re.M | re.S)
    wrong, right = (Example(*block) for block in blocks)
    return wrong, right
