"""Write manifests as YAML that all readers parse the same way.

A string stays plain only if no reader of YAML 1.1 or 1.2 could parse it as another type; kubectl
reads YAML 1.1, where a plain `y` is a boolean. This writer is ten times faster than libyaml's
emitter called from Python (benchmarks/emit.py); the tests read its output back with several
parsers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from json import dumps
from math import isfinite
from typing import Any

# It starts with a letter, so it is no number, date or sign, and it contains nothing that starts a
# comment, mapping or flow. Of such strings, only `_WORDS` have another type for some reader.
_PLAIN = re.compile(
    r"(?:\.\./)*[A-Za-z_/][A-Za-z0-9_./()-]*(?:[ :=@,%+][A-Za-z0-9_./(-][A-Za-z0-9_./()-]*)*"
    r"|[0-9]+(?:m|[KMGT]i)"
)
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
_LITERAL = re.compile(r"(?!\s)[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]*")
_NEXT = "---\n"
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def dump(value: dict[str, Any]) -> str:
    """One document, without a leading `---`. Maps keep their order."""
    lines: list[str] = []
    _map(value, "", lines, "")
    lines.append("")
    return "\n".join(lines)


def dump_list(items: list[Any]) -> str:
    """A list, such as the operations of a patch."""
    lines: list[str] = []
    _list(items, "", lines, "")
    lines.append("")
    return "\n".join(lines)


def dump_all(documents: Iterable[str]) -> str:
    """Join documents that are already written into one stream."""
    return _NEXT.join(documents)


def pieces(documents: Iterable[tuple[str, ...]]) -> list[str]:
    """The pieces of a stream of documents that are themselves split into pieces, as in `dump_all`."""
    return [piece for document in documents for piece in (_NEXT, *document)][1:]


def _map(items: dict[str, Any], pad: str, lines: list[str], lead: str) -> None:
    for key, value in items.items():
        head = f"{lead}{_written.get(key) or _string(key)}:"
        lead = pad
        kind = value.__class__
        if kind is str:
            lines.append(f"{head} {_written.get(value) or _string_or_text(value, pad)}")
        elif kind is dict and value:
            lines.append(head)
            _map(value, pad + "  ", lines, pad + "  ")
        elif kind is list and value:
            lines.append(head)
            _list(value, pad, lines, pad)
        else:
            lines.append(f"{head} {scalar(value)}")


def _list(items: list[Any], pad: str, lines: list[str], lead: str) -> None:
    for value in items:
        head = lead + "- "
        lead = pad
        kind = value.__class__
        if kind is str:
            lines.append(head + (_written.get(value) or _string_or_text(value, pad)))
        elif kind is dict and value:
            _map(value, pad + "  ", lines, head)
        elif kind is list and value:
            _list(value, pad + "  ", lines, head)
        else:
            lines.append(head + scalar(value))


def scalar(value: Any) -> str:
    """A scalar, or an empty collection, on one line."""
    kind = value.__class__
    if kind is str:
        return _written.get(value) or _string(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return repr(value)
    if kind is float:
        return _float(value)
    if value is None:
        return "null"
    if value == {} and kind is dict:
        return "{}"
    if value == [] and kind is list:
        return "[]"
    raise TypeError(f"no YAML for {kind.__name__}")


def _float(value: float) -> str:
    """A number with a dot: YAML 1.1 reads `1e+20` as a text, and `1.0e+20` as a number."""
    if not isfinite(value):
        raise TypeError(f"no YAML for {value!r}: the spec has none")
    mantissa, exponent, power = repr(value).partition("e")
    return f"{mantissa}{'' if '.' in mantissa else '.0'}{exponent}{power}"


# Texts of one line that are already written: Kubernetes repeats the same words.
_written: dict[str, str] = {}


def _string_or_text(text: str, pad: str) -> str:
    return _text(text, pad) if "\n" in text else _string(text)


def _string(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    written = text if plain else _quoted(text)
    if len(text) < 40 and len(_written) < 10_000 and "\n" not in text:
        _written[text] = written
    return written


def _quoted(text: str) -> str:
    """Double quotes with JSON's escapes, which YAML shares, and with YAML's own for other
    characters.
    """
    return _UNPRINTABLE.sub(
        lambda match: f"\\u{ord(match[0]):04x}", dumps(text, ensure_ascii=False)
    )


def _text(text: str, pad: str) -> str:
    """A text of several lines: as a literal block where no reader can misread it, else quoted."""
    if not _LITERAL.fullmatch(text):
        return _quoted(text)
    body = text.rstrip("\n")
    chomp = {0: "-", 1: ""}.get(len(text) - len(body), "+")
    lines = [f"{pad}  {line}" if line else "" for line in text.split("\n")]
    if chomp != "-":
        lines.pop()
    return "\n".join([f"|{chomp}", *lines])
