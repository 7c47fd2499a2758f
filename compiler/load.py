"""Parse the text of a spec, a safe subset of YAML, and keep the position of every key and value.

libyaml parses (through PyYAML, 20 times faster than a round-trip reader). Scalars are resolved here
by the YAML 1.2 core schema, as editors do: `yes` is a string and `1.10` a number. The confusing
features of YAML (anchors, tags, merge keys, several documents) are errors with a position.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from itertools import islice
from math import isfinite
from typing import Any

import yaml

from compiler.diagnostics import Related, Report, TooManyFindingsError
from compiler.diagnostics.fix import Edit, Fix
from compiler.document import Node
from compiler.document.colons import without_space
from compiler.document.conflicts import conflict_markers
from compiler.document.lines import line_ends, lines
from compiler.document.span import Span

MAX_DEPTH = 64
MAX_NODES = 400_000  # some 20,000 models; each costs 300 bytes and more

_Loader = getattr(yaml, "CLoader", yaml.Loader)
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# The characters that YAML does not allow in a text (1.2.2, chapter 5.1).
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# Line ends of YAML 1.1 that editors do not show as such, marks of direction, soft hyphens, spaces without a width, and
# tags (Unicode 16.0, chapter 23).
_HIDDEN = re.compile(
    r"\r(?!\n)|[\x85\u2028\u2029\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    r"\u3164\ufeff\uffa0\U000e0000-\U000e007f]"
)
_MOST_HIDDEN = 100
_MOST_MARKERS = 10
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


class _Refused(Exception):
    """Parsing has to stop; the report already has the reason."""


def load(data: bytes, file: str, report: Report, most_values: int = MAX_NODES) -> Node | None:
    """Parse one document. Returns None if there is no tree; then the report has the reason."""
    text = _decode(data, file, report)
    if text is None:
        return None
    _hidden_characters(text, file, report)
    try:
        root = _Builder(text, file, report, most_values).document(yaml.parse(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        _syntax(error, text, file, report)
        return None
    except yaml.YAMLError as error:
        _forbidden_character(error, text, file, report)
        return None
    except _Refused:
        return None
    except TooManyFindingsError:
        report.close()
        return None
    if root is None:
        report.add(
            "empty-spec",
            "the spec is empty",
            _start(file),
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
    """Warn of characters that an editor does not show or that reorder its text, in comments too.

    A reviewer would approve the shown text, and the compiler would read another one.
    """
    if text.isascii() and "\r" not in text:
        return
    if "\n" not in text:  # CR ends all lines, and editors show it
        text = text.replace("\r", "\n")
    ended = (line + end for line, end in zip(lines(text), line_ends(text), strict=True))
    numbered = enumerate(ended, 1)
    matches = ((number, match) for number, line in numbered if (match := _HIDDEN.search(line)))
    for number, match in islice(matches, _MOST_HIDDEN):
        span = Span(file, number, match.start() + 1, number, match.end() + 1)
        report.add(
            "hidden-character",
            f"the character U+{ord(match[0]):04X} is invisible, or reorders the text",
            span,
            help="remove it, or write the text without it",
        )
    if rest := sum(1 for _ in matches):
        message = f"{rest} more lines hold a character that is invisible, or reorders the text"
        report.add("hidden-character", message, help="remove them")


def _forbidden_character(error: yaml.YAMLError, text: str, file: str, report: Report) -> None:
    """Report the character at which libyaml stops to read: its own error has no line."""
    match = _FORBIDDEN.search(text)
    if match is None:
        report.add("invalid-yaml", f"not YAML: {_sentence(str(error))}", _start(file))
        return
    line = text.count("\n", 0, match.start()) + 1
    column = match.start() - text.rfind("\n", 0, match.start())
    report.add(
        "control-character",
        f"the character U+{ord(match[0]):04X} is not allowed in YAML",
        Span(file, line, column, line, column + 1),
        help="remove it: an editor may not show it",
    )


def _conflict(text: str, file: str, report: Report) -> bool:
    """Report the conflict markers of a merge as one error. Returns whether there are any."""
    markers = list(islice(conflict_markers(text, file), _MOST_MARKERS))
    if not markers:
        return False
    (_, span), *further = markers
    report.add(
        "invalid-yaml",
        "not YAML: the file has the conflict markers of a merge",
        span,
        help="write the lines that both sides need, and delete the lines that begin with `<<<<<<<`, `=======` "
        "and `>>>>>>>`",
        related=[Related(f"the marker `{marker}`", span) for marker, span in further],
    )
    return True


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str, report: Report) -> None:
    """Report an error of libyaml, with the cause that its message or the text shows."""
    if _conflict(text, file, report):
        return
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    span = Span(file, line + 1, column + 1, line + 1, column + 2)
    of_text = lines(text)
    at = of_text[line][column : column + 1] if line < len(of_text) else ""
    if at == "\t":
        report.add("tab-indent", "a tab indents this line", span, help="use spaces")
        return
    problem = _sentence(" ".join(filter(None, (error.context, error.problem))))
    context = error.context_mark
    start = (
        Span(file, context.line + 1, context.column + 1, context.line + 1, context.column + 2)
        if context
        else span
    )
    related = [Related("it starts here", start)] if start != span else []
    help = next((remedy for sign, remedy in _SYNTAX.items() if sign in problem), ())
    if "mapping values are not allowed" in problem and line > 0:
        help = without_space(of_text[line - 1].strip()) or help
    element = _ELEMENT.fullmatch(of_text[line]) if line < len(of_text) else None
    if element and "block mapping" in problem:
        help = f"the lines above are keys, so write this one as a key: `{element[1]}: {{}}`"
    report.add("invalid-yaml", f"not YAML: {problem}", span, help=help, related=related)


_ELEMENT = re.compile(r"\s*- ([a-z][\w-]{0,62}):?\s*")  # a name as an element of a list
# Parts of libyaml's messages, each with the help for the user.
_SYNTAX = {
    "expected ',' or '}'": "close the map with `}`, or put a comma between its keys",
    "expected ',' or ']'": "close the list with `]`, or put a comma between its elements",
    "did not find expected key": "indent this line like the other keys",
    "did not find expected '-'": "indent this line like the other elements",
    "mapping values are not allowed": "indent the key, or quote the text that holds a colon",
    "could not find expected ':'": "write `key: value`, with a space behind the colon",
    "cannot start any token": "quote the text",
    "unexpected end of stream": "close the quotes",
    "scanning an alias": "quote the text: a `*` at its beginning stands for an alias of YAML",
    "scanning an anchor": "quote the text: a `&` at its beginning stands for an anchor of YAML",
}


def _sentence(text: str) -> str:
    return " ".join(text.split()).rstrip(".") or "unknown problem"


def _start(file: str) -> Span:
    return Span(file, 1, 1, 1, 2)


class _Builder:
    """Builds nodes from libyaml's events; MAX_DEPTH bounds the recursion."""

    def __init__(self, text: str, file: str, report: Report, most_values: int = MAX_NODES) -> None:
        self.file, self.report, self.most_values = file, report, most_values
        self.nodes = 0
        # Whether a scalar may contain a control character, written directly or as an escape.
        self.odd = "\\" in text or not is_printable(text)

    def document(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                self.refuse("several-documents", "a second YAML document starts here", event)
            elif isinstance(event, yaml.NodeEvent):
                root = self.node(event, events, 0)
        empty = root is not None and root.value is None and root.span.line == root.span.end_line
        return None if empty else root

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        self.refuse_features(event)
        self.nodes += 1
        if self.nodes > self.most_values:
            self.refuse("too-large", f"the spec has more than {self.most_values} values", event)
        if depth > MAX_DEPTH:
            self.refuse("too-deep", f"nested deeper than {MAX_DEPTH} levels", event)
        kind = event.__class__
        if kind is yaml.ScalarEvent:
            value = _scalar(event.value) if event.implicit[0] else event.value
            if value.__class__ is float and not isfinite(value):
                message = f"`{event.value}` is beyond the largest number, which is about 1.8e+308"
                self.refuse("invalid-value", message, event)
            return Node(value, self.span(event, event), {})
        if kind is yaml.SequenceStartEvent:
            return self.sequence(event, events, depth)
        return self.mapping(event, events, depth)

    def refuse_features(self, event: Any) -> None:
        """Refuse confusing features of YAML, in values and in keys."""
        if event.__class__ is yaml.AliasEvent:
            self.refuse("yaml-alias", f"the alias `*{event.anchor}` repeats another value", event)
        if event.anchor:
            self.refuse("yaml-alias", f"the anchor `&{event.anchor}` names a value", event)
        if event.tag:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.refuse("yaml-tag", f"the tag `{tag}` asks for a type", event)
        if self.odd and event.__class__ is yaml.ScalarEvent and not is_printable(event.value):
            self.report.add(
                "control-character",
                "the text holds a control character, which kustomize and kubectl cannot pass on",
                self.span(event, event),
                help="remove the escape, or encode the value (such as in base64)",
            )

    def sequence(self, start: Any, events: Iterator[Any], depth: int) -> Node:
        items: list[Node] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                return Node(items, self.span(start, event), {})
            items.append(self.node(event, events, depth + 1))
        raise AssertionError("libyaml ended a sequence without its event")

    def mapping(self, start: Any, events: Iterator[Any], depth: int) -> Node:
        items: dict[str, Node] = {}
        keys: dict[str, Span] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                return Node(items, self.span(start, event), keys)
            key = self.key(event)
            span = self.span(event, event)
            value = self.node(next(events), events, depth + 1)
            if key in items:
                equal = repr(value.plain()) == repr(items[key].plain())
                self.duplicate(key, span, keys[key], span.to(value.span) if equal else None)
            else:
                items[key], keys[key] = value, span
        raise AssertionError("libyaml ended a mapping without its event")

    def key(self, event: Any) -> str:
        self.refuse_features(event)
        if event.__class__ is not yaml.ScalarEvent:
            self.refuse("complex-key", "a key must be a single word", event)
        if event.value == "<<" and event.implicit[0]:
            self.refuse("merge-key", "the merge key `<<` copies another mapping", event)
        return str(event.value)

    def duplicate(self, key: str, span: Span, first_span: Span, removable: Span | None) -> None:
        self.report.add(
            "duplicate-key",
            f"the key `{key}` occurs twice in one mapping",
            span,
            help="keep one of them",
            related=[Related("first written here", first_span)],
            fix=Fix(removable, edit=Edit.REMOVE) if removable else None,
        )

    def refuse(self, code: str, message: str, event: Any) -> None:
        self.report.add(code, message, self.span(event, event), help=_REMEDY.get(code, ()))
        raise _Refused

    def span(self, start: Any, end: Any) -> Span:
        start_mark, end_mark = start.start_mark, end.end_mark
        return Span(
            self.file,
            start_mark.line + 1,
            start_mark.column + 1,
            end_mark.line + 1,
            end_mark.column + 1,
        )


_REMEDY = {
    "several-documents": "one file holds one platform: write what differs under `spec.environments`, or give each file "
    "to a command of its own with `-f`",
    "yaml-alias": "write the value out where it is needed",
    "merge-key": "write the keys out, or set them in `spec.environments`",
    "yaml-tag": "quote the value if the tag is part of it",
    "complex-key": "write `key: value`",
}


def is_printable(text: str) -> bool:
    """Whether a text contains no control character.

    YAML allows most of them as escapes, and U+0085 directly. kustomize 5.8 writes DEL in a form
    that it cannot read, and U+0085 in a form that it reads as a space.
    """
    return _UNPRINTABLE.search(text) is None


def _scalar(text: str) -> str | int | float | bool | None:
    """The value of a plain scalar by YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789.+-":  # most scalars are plain words
        return text
    if _INT.fullmatch(text):
        # No field takes 40 digits, and Python refuses to convert thousands of them.
        return int(text, 0 if text[:2] in ("0o", "0x") else 10) if len(text) < 40 else text
    if _FLOAT.fullmatch(text) and len(text) < 40:
        return float(text)
    return text
