"""Text that is not YAML, rendered from the `templates` folder next to the module that needs it."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minijinja import Environment

_MARK = re.compile(r"\{[{%#]")


def render(module: str, name: str, /, **values: Any) -> str:
    """Render `templates/<name>` from the folder of a module's `__file__`.

    A missing variable raises an error, and so does a value with a line break: no value can add a
    line to an ini file or a script.
    """
    text = _text(os.path.join(os.path.dirname(module), "templates", name))
    # A text without placeholders does not even import the template engine.
    return _environment().render_str(text, name, **values) if _MARK.search(text) else text


@cache
def _text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


@cache
def _environment() -> Environment:
    from minijinja import Environment

    return Environment(
        undefined_behavior="strict",
        finalizer=_one_line,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_escape_callback=lambda name: False,  # ini files and scripts, not HTML; see _one_line
        debug=False,  # an error names no values
    )


def _one_line(value: Any) -> Any:
    if isinstance(value, str) and any(mark in value for mark in "\n\r\0\x0b\x0c\x85\u2028\u2029"):
        raise ValueError(f"a line break in {value!r}")
    return value
