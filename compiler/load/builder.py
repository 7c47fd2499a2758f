"""Build the nodes of a spec from libyaml's events, and refuse the confusing features of YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite
from typing import Any

import yaml

from compiler.diagnostics import Related, Report
from compiler.diagnostics.fix import Edit, Fix
from compiler.document import Node
from compiler.document.characters import is_printable
from compiler.document.lines import lines
from compiler.document.span import Span
from compiler.load.remedies import TEMPLATE

MAX_DEPTH = 64
MAX_NODES = 400_000  # some 20,000 models; each costs 300 bytes and more
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_LEADING_ZERO = re.compile(r"[-+]?0[0-7]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_REMEDY = {
    "several-documents": "one file holds one platform: write what differs under `spec.environments`, or give each file "
    "to a command of its own with `-f`",
    "yaml-alias": "write the value out where it is needed",
    "merge-key": "write the keys out, or set them in `spec.environments`",
    "yaml-tag": "quote the value if the tag is part of it",
    "complex-key": "write `key: value`",
    "octal-number": "write `0o` before the digits of an octal number, no zero before those of a decimal one, or quotes "
    "around a text",
}
_TAG_OF_A_PROGRAM = (
    "write the value itself: one file holds the whole spec, and no tag reads another file or a variable; "
    "quote the value if the tag is part of it"
)


class Refused(Exception):
    """Parsing has to stop; the report already has the reason."""


class Builder:
    """Builds nodes from libyaml's events; MAX_DEPTH bounds the recursion."""

    def __init__(self, text: str, file: str, report: Report, most_values: int = MAX_NODES) -> None:
        self.text, self.file = text, file
        self.report, self.most_values = report, most_values
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
            if value.__class__ is int and _LEADING_ZERO.fullmatch(event.value):
                self.refuse_octal(event, value)
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
            if not tag.startswith("!!"):
                self.refuse(
                    "yaml-tag", f"the tag `{tag}` is of another program", event, _TAG_OF_A_PROGRAM
                )
            self.refuse("yaml-tag", f"the tag `{tag}` asks for a type", event)
        if self.odd and event.__class__ is yaml.ScalarEvent and not is_printable(event.value):
            self.report.add(
                "control-character",
                "the text holds a control character, which kustomize and kubectl cannot pass on",
                self.span(event, event),
                help="remove the escape, or encode the value (such as in base64)",
            )

    def refuse_octal(self, event: Any, value: Any) -> None:
        """Refuse a number that the two versions of YAML read in two ways.

        kubectl and kustomize read `0440` as octal, like YAML 1.1 (go-yaml, `resolve.go`), so a mode that is copied
        from a manifest would become another one.
        """
        octal = int(event.value, 8) if len(event.value) < 40 else None
        if octal not in (value, None):
            message = f"`{event.value}` is {octal} for kubectl, as an octal number, and {value} by YAML 1.2"
            self.refuse("octal-number", message, event)

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
            line = lines(self.text)[event.start_mark.line]
            is_template = "{{" in line[max(event.start_mark.column - 1, 0) :][:3]
            help = TEMPLATE if is_template else ()
            self.refuse("complex-key", "a key must be a single word", event, help)
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

    def refuse(self, code: str, message: str, event: Any, help: str | tuple[()] = ()) -> None:
        remedy = help or _REMEDY.get(code, ())
        self.report.add(code, message, self.span(event, event), help=remedy)
        raise Refused

    def span(self, start: Any, end: Any) -> Span:
        start_mark, end_mark = start.start_mark, end.end_mark
        return Span(
            self.file,
            start_mark.line + 1,
            start_mark.column + 1,
            end_mark.line + 1,
            end_mark.column + 1,
        )


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
