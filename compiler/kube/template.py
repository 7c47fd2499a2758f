"""Render text that is not YAML from the `templates` folder next to the module that needs it.

The wheel holds compiled templates (`hatch_build.py`). In a checkout, in a component of another package, and
with another release of jinja2, a template is compiled when it is rendered; nothing is kept on disk.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment

_MARK = re.compile(r"\{[{%#]")
_PACKAGE = os.path.dirname(os.path.dirname(__file__))


def render(module: str, name: str, /, **values: Any) -> str:
    """Render `templates/<name>` from the folder of a module's `__file__`.

    A missing variable raises an error, and so does a value with a line break: no value can add a
    line to an ini file or a script.
    """
    path = os.path.relpath(os.path.join(os.path.dirname(module), "templates", name), _PACKAGE)
    text = _text(path)
    # A text without placeholders does not even import the template engine.
    return _environment().get_template(path).render(values) if _MARK.search(text) else text


@cache
def _text(path: str) -> str:
    from compiler.files import packaged  # not above: the build runs this module alone

    return packaged(os.path.join(_PACKAGE, path)).decode()


@cache
def _environment() -> Environment:
    from jinja2 import ChoiceLoader, FunctionLoader, ModuleLoader

    compiled = ModuleLoader(os.path.join(os.path.dirname(__file__), compiled_folder()))
    return environment(ChoiceLoader([compiled, FunctionLoader(_text)]))


def environment(loader: BaseLoader) -> Environment:
    """The settings by which every template is read."""
    from jinja2 import Environment, StrictUndefined, select_autoescape

    return Environment(
        loader=loader,
        undefined=StrictUndefined,
        finalize=_one_line,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=select_autoescape(),  # it escapes only HTML, which no template writes; see _one_line
        auto_reload=False,
    )


def compiled_folder() -> str:
    """The folder of compiled templates; they fit the release of jinja2 that compiled them."""
    import jinja2

    return f"templates-jinja2-{jinja2.__version__}"


def _one_line(value: Any) -> Any:
    if isinstance(value, str) and any(mark in value for mark in "\n\r\0\x0b\x0c\x85\u2028\u2029"):
        raise ValueError(f"a line break in {value!r}")
    return value
