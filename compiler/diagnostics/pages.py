"""Find the documentation page of each diagnostic, with the reason, a wrong and a right example."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from compiler.files import is_packaged, packaged

_PACKAGE = Path(__file__).parent


@cache
def folder() -> Path:
    """The folder of the pages: docs/diagnostics in a checkout, inside the package when installed."""
    inside = _PACKAGE / "pages"
    return inside if is_packaged(inside) else _PACKAGE.parent.parent / "docs" / "diagnostics"


def page(code: str) -> str:
    """The page of one code, as Markdown."""
    return packaged(folder() / f"{code}.md").decode()
