"""Parse the text of a spec, a safe subset of YAML, and keep the position of every key and value.

libyaml parses (through PyYAML, 20 times faster than a round-trip reader). Scalars are resolved here
by the YAML 1.2 core schema, as editors do: `yes` is a string and `1.10` a number. The confusing
features of YAML (anchors, tags, merge keys, several documents) are errors with a position.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from itertools import islice

import yaml

from compiler.diagnostics import Report, TooManyFindingsError
from compiler.document import Node
from compiler.document.characters import hidden
from compiler.document.lines import lines
from compiler.document.span import Span
from compiler.load.builder import MAX_NODES, Builder, Refused
from compiler.load.syntax import forbidden_character, syntax_error

_Loader = getattr(yaml, "CLoader", yaml.Loader)
_MOST_HIDDEN = 100


def load(data: bytes, file: str, report: Report, most_values: int = MAX_NODES) -> Node | None:
    """Parse one document. Returns None if there is no tree; then the report has the reason."""
    text = _decode(data, file, report)
    if text is None:
        return None
    _hidden_characters(text, file, report)
    try:
        root = Builder(text, file, report, most_values).document(yaml.parse(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        syntax_error(error, text, file, report)
        return None
    except yaml.YAMLError as error:
        forbidden_character(error, text, file, report)
        return None
    except Refused:
        return None
    except TooManyFindingsError:
        report.close()
        return None
    if root is None:
        report.add(
            "empty-spec",
            "the spec is empty",
            Span(file, 1, 1, 1, 2),
            help="`platformc init` writes a first one",
        )
    return root


def _decode(data: bytes, file: str, report: Report) -> str | None:
    """Decode the bytes, or report the first byte that is not UTF-8."""
    # Some editors add a byte order mark, which changes nothing. libyaml reads CRLF as LF.
    data = data.removeprefix(BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = lines(data[: error.start].decode())
        line, column = len(before), len(before[-1]) + 1
        span = Span(file, line, column, line, column + 1)
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        report.add("invalid-encoding", message, span, help="save the file as UTF-8")
        return None


def _hidden_characters(text: str, file: str, report: Report) -> None:
    """Warn of characters that a reviewer does not see."""
    characters = hidden(text, file)
    for character, span in islice(characters, _MOST_HIDDEN):
        report.add(
            "hidden-character",
            f"the character U+{ord(character):04X} is invisible, or reorders the text",
            span,
            help="remove it, or write the text without it",
        )
    if rest := sum(1 for _ in characters):
        message = f"{rest} more lines hold a character that is invisible, or reorders the text"
        report.add("hidden-character", message, help="remove them")
