"""Write the fragment that replaces one place of a spec, by ruamel.yaml.

ruamel.yaml would reformat the lines without corrections, so it writes only the fragment.
"""

from __future__ import annotations

from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString


def written(text: str, before: str = "") -> str:
    """A value in YAML, in the quotes of the value before it where both are strings."""
    value = _read(text)
    if isinstance(value, str) and before.startswith(("'", '"')):
        value = type(_read(before))(value)
    return _write(value)


def quoted(before: str) -> str:
    """A value as a string: `1.30` as `"1.30"`."""
    return _write(DoubleQuotedScalarString(before))


def _read(text: str) -> Any:
    return _round_trip().load(text)


def _write(value: Any) -> str:
    lines = StringIO()
    _round_trip().dump(value, lines)
    # A document that is a scalar ends with a line of three dots.
    return lines.getvalue().removesuffix("...\n").rstrip("\n")


def _round_trip() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10**6  # no line is broken
    return yaml
