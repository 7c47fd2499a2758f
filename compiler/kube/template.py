"""Text that is not YAML, from the templates beside the code that fills them in."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment, Template

_MARK = re.compile(r"\{[{%#]")


def render(module: str, name: str, /, **values: Any) -> str:
    """Fill in `templates/<name>` beside a module's `__file__`.

    A name that is missing raises, and so does a value with a line break: no value can add a line
    to an ini file or a script.
    """
    template = _template(os.path.join(os.path.dirname(module), "templates", name))
    return template if isinstance(template, str) else template.render(values)


@cache
def _template(path: str) -> Template | str:
    """A template, or its text where nothing in it is to be filled in: compiling one costs."""
    with open(path, encoding="utf-8") as file:
        source = file.read()
    return _environment().from_string(source) if _MARK.search(source) else source


@cache
def _environment() -> Environment:
    from jinja2 import Environment, StrictUndefined

    return Environment(
        undefined=StrictUndefined,
        finalize=_one_line,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  # ini files and scripts, not HTML; see _one_line
    )


def _one_line(value: Any) -> Any:
    if isinstance(value, str) and any(mark in value for mark in "\n\r\0\x0b\x0c\x85\u2028\u2029"):
        raise ValueError(f"a line break in {value!r}")
    return value
