"""The page of each diagnostic: why it matters, an example that is wrong and one that is right."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent


@cache
def folder() -> Path:
    """The folder of pages: in the documentation of a checkout, inside the package when installed."""
    inside = _HERE / "pages"
    return inside if inside.is_dir() else _HERE.parent.parent / "docs" / "diagnostics"


def page(code: str) -> str:
    """The page of one code, as Markdown."""
    return (folder() / f"{code}.md").read_text(encoding="utf-8")
