"""Write a value as YAML on one line."""

from __future__ import annotations

import json
import re
from typing import Any

# Texts that YAML takes without quotes inside brackets, also by its older versions: words, paths, URLs,
# options, and quantities such as 10Gi.
_PLAIN = re.compile(
    r"(?:\.{0,2}/|--?(?=[A-Za-z])|[A-Za-z_])(?:[\w./=@%+-]|:(?=[\w./]))*"
    r"|(?!0[xo])[0-9]+(?:\.[0-9]+)?[A-Za-z]+",
    re.ASCII,
)
_NOT_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
PLACEHOLDER = "..."  # in advice: the user writes a value of theirs instead


def flow_style(value: Any) -> str:
    """A value in YAML's flow style, with quotes where a text needs them."""
    match value:
        case str():
            return value if _is_plain(value) else json.dumps(value, ensure_ascii=False)
        case list() | tuple():
            return f"[{', '.join(map(flow_style, value))}]"
        case dict():
            return f"{{{', '.join(f'{key}: {flow_style(inner)}' for key, inner in value.items())}}}"
        case _:
            return json.dumps(value)


def _is_plain(text: str) -> bool:
    if text == PLACEHOLDER:
        return True
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in _NOT_TEXT
