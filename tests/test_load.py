"""The permitted text of a spec, and the answer to everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.commands.spec_file import UnreadableError, read
from compiler.diagnostics import Report
from compiler.document import Node
from compiler.load import load
from compiler.load.builder import MAX_DEPTH


def codes(data: bytes) -> list[tuple[str, int, int]]:
    report = Report()
    load(data, "f", report)
    return [(d.code, d.span.line, d.span.column) for d in report.sorted() if d.span]


def tree(data: bytes) -> Node:
    report = Report()
    root = load(data, "f", report)
    assert root is not None
    assert not report.diagnostics
    return root


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a: 1\nb: 2\na: 3\n", ("duplicate-key", 3, 1)),
        (b"a:\n\tb: 1\n", ("tab-indent", 2, 1)),
        (b"a: &x 1\nb: *x\n", ("yaml-alias", 1, 4)),
        (b"b: *x\n", ("yaml-alias", 1, 4)),
        (b"a: {<<: {b: 1}}\n", ("merge-key", 1, 5)),
        (b"", ("empty-spec", 1, 1)),
        (b"# only a comment\n", ("empty-spec", 1, 1)),
        (b"---\n", ("empty-spec", 1, 1)),
        (b"a: 1\n---\nb: 2\n", ("several-documents", 2, 1)),
        (b"a: \xff\n", ("invalid-encoding", 1, 4)),
        (b"\xff\xfea\x00", ("invalid-encoding", 1, 1)),
        (b"a: !!python/object:os.system x\n", ("yaml-tag", 1, 4)),
        (b"? [a]\n: 1\n", ("complex-key", 1, 3)),
        (b"a: [1, 2\nb: 3\n", ("invalid-yaml", 2, 2)),
        (b'a: "x\\u0007"\n', ("control-character", 1, 4)),
        (b'"\\u007f": 1\n', ("control-character", 1, 1)),
        (b"a: \x00\n", ("control-character", 1, 4)),
        (b"a: 1\n# \xc3\xa9\x1b\n", ("control-character", 2, 4)),
        (b"a: 1\nb: '\x7f'\n", ("control-character", 2, 5)),
        (b"a:\n  b: 1\n<<<<<<< HEAD\n  c: 1\n=======\n  c: 2\n", ("invalid-yaml", 3, 1)),
        (b"a: 1e999\n", ("invalid-value", 1, 4)),
        (b"a: 017\n", ("octal-number", 1, 4)),
        (b"a: {b: [-0440]}\n", ("octal-number", 1, 9)),
        (b"[" * 100_000, ("too-deep", 1, MAX_DEPTH + 2)),
        (b"a:\n" + b"".join(b" " * n + b"a:\n" for n in range(1, 500)), ("too-deep", 66, 66)),
    ],
)
def test_what_is_refused_has_a_code_and_a_place(
    data: bytes, expected: tuple[str, int, int]
) -> None:
    assert codes(data)[0] == expected


def test_a_control_character_is_named_without_words_of_the_parser() -> None:
    report = Report()
    load(b"a: 1\nb: x\x07\n", "f", report)
    (diagnostic,) = report.diagnostics
    assert diagnostic.message == "the character U+0007 is not allowed in YAML"


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("a: {b: 1\nc: 2\n", "close the map with `}`, or put a comma between its keys"),
        ("a: {b: c: d}\n", "quote the text that holds a colon"),
        ("a: [b: c: d]\n", "quote the text that holds a colon"),
        ("a: b: c\n", "indent the key, or quote the text that holds a colon"),
        ("a: 'it's'\n", "write `''` for a quote inside them"),
        ('a: "a "b""\n', 'write `\\"` for a quote inside them'),
        ('a: "a\\d"\n', "write `\\\\` for a backslash in double quotes"),
        ('a: "C:\\Users"\n', "write `\\\\` for a backslash in double quotes"),
        ("a: {}}\n", "delete the `}`: it closes nothing"),
        ("a: []]\n", "delete the `]`: it closes nothing"),
        ("a: {b: |\n  c\n}\n", "has no place in braces or brackets"),
        ("a: {b: {{ .Values.b }}}\n", "the language has no templates"),
        ("a: {{ .Values.a }}\n", "the language has no templates"),
        ("a:\n{{- if .Values.a }}\n  b: c\n{{- end }}\n", "the language has no templates"),
        ("a: !include b.yaml\n", "one file holds the whole spec"),
        ("a: !!str b\n", "quote the value if the tag is part of it"),
        ("? [a]\n: b\n", "write `key: value`"),
        ("a:\n  b: {}\n   c: 2\n", "indent this line like the other keys"),
    ],
)
def test_the_help_fits_the_text_at_the_mark(text: str, help: str) -> None:
    report = Report()
    load(text.encode(), "f", report)
    (diagnostic,) = report.diagnostics
    assert help in " ".join(diagnostic.help)


def test_a_text_in_utf_16_is_no_control_character() -> None:
    assert codes("a: 1\n".encode("utf-16-le")) == [("invalid-encoding", 1, 2)]


def test_conflict_markers_of_a_merge_are_named_with_their_lines() -> None:
    report = Report()
    load(b"a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> branch\n", "f", report)
    (diagnostic,) = report.diagnostics
    assert diagnostic.message == "not YAML: the file has the conflict markers of a merge"
    assert [(related.message, related.span.line) for related in diagnostic.related] == [
        ("the marker `>>>>>>>`", 6)
    ]


def test_a_marker_in_a_text_is_no_conflict() -> None:
    assert tree(b"a: |\n  <<<<<<< HEAD\n").plain() == {"a": "<<<<<<< HEAD\n"}


def test_a_bomb_of_aliases_is_refused_before_it_is_built() -> None:
    bomb = b"a: &a [x]\n" + b"".join(
        f"b{n}: &b{n} [*a, *a, *a, *a, *a, *a, *a, *a]\n".encode() for n in range(50)
    )
    assert codes(bomb) == [("yaml-alias", 1, 4)]


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    unix = tree(b"a: 1\nb: |\n  x\n  y\n")
    dos = tree(b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\n  y\r\n")
    assert unix.plain() == dos.plain() == {"a": 1, "b": "x\ny\n"}
    assert unix.keys == dos.keys


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"), ("on", "on"), ("12:30", "12:30"), ("0o17", 15), ("0x1F", 31), ("007", 7), ("089", 89), ("'017'", "017"),
        ("1.10", 1.1), ("1e3", 1000.0), ("~", None), ("null", None), ("true", True), ("", None),
        ("'1'", "1"), ("2026-01-01", "2026-01-01"), ("1_000", "1_000"), ("9" * 50, "9" * 50),
    ],
)  # fmt: skip
def test_scalars_are_yaml_1_2(text: str, value: object) -> None:
    assert tree(f"a: {text}\n".encode()).plain() == {"a": value}


def test_every_key_and_value_knows_its_place() -> None:
    root = tree("é: {b: [1, x]}\n".encode())
    assert root.span_of(("é", "b")).column == 5
    assert root.at(("é", "b", 1)).span.column == 12
    assert root.span_of(("é", "missing")).column == 1


def test_a_file_that_cannot_be_read_is_no_spec(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="is a directory"):
        read(tmp_path)
    with pytest.raises(UnreadableError, match="platformc init"):
        read(tmp_path / "missing.yaml")


def test_the_rest_of_many_hidden_characters_is_counted() -> None:
    text = "# \u202e\n" * 250
    report = Report()
    load(text.encode(), "platform.yaml", report)
    messages = [finding.message for finding in report.diagnostics]
    assert len(messages) == 102  # and the spec is empty
    assert any(message.startswith("150 more lines") for message in messages)
