"""The YAML and JSON of files that are not a spec: what is refused before a value is made of it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from support.command_line import run
from support.paths import ROOT

from compiler.document.other_files import FileContentError, document, documents, json_value

MERGES = "a: &a {k: 1}\n" + "".join(
    f"{new}: &{new} {{<<: [{', '.join([f'*{old}'] * 10)}]}}\n"
    for old, new in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize("text", ["a: &a [1]\nb: *a", "{a: &a 1}", MERGES])
def test_a_file_of_platformc_has_no_aliases(text: str) -> None:
    with pytest.raises(FileContentError, match="anchor or an alias"):
        document(text)


def test_a_file_of_another_program_may_use_a_value_twice() -> None:
    assert documents("a: &a [1]\nb: *a\n--- 5\n", aliases=True) == [{"a": [1], "b": [1]}, 5]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (MERGES, "merge key"),
        ("{<<: {a: 1}}", "merge key"),
        ("{!!merge x: {a: 1}}", "a tag"),
        ("a: !!int x", "a tag"),
        ("a: !!set {b}", "a tag"),
        ("a: &a [*a]", "before the end of its value"),
        ("a: *a", "before the end of its value"),
        ("[" * 101 + "]" * 101, "nested deeper"),
        ("- " * 50_000, "nested deeper"),
        ("[", "not YAML"),
        ("2001-13-45", "not YAML"),
        (b"\xff", "not YAML"),
    ],
)
def test_a_hostile_text_is_refused(text: str | bytes, reason: str) -> None:
    with pytest.raises(FileContentError, match=reason):
        documents(text, aliases=True)


def test_a_bomb_takes_no_memory() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"b{depth}: &{new} [{', '.join([f'*{old}'] * 20)}]\n"
        for depth, (old, new) in enumerate(zip("abcdefgh", "bcdefghi", strict=True))
    )
    tracemalloc.start()
    with pytest.raises(FileContentError, match="holds more than 1000000 values"):
        documents(bomb, aliases=True)
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[" * 300 + "]" * 300, '{"a":' * 200 + "1" + "}" * 200]
)
def test_deep_json_is_refused(text: str) -> None:
    with pytest.raises(FileContentError, match="nested deeper"):
        json_value(text)
    assert json_value('{"a": [1]}') == {"a": [1]}


@pytest.mark.parametrize("text", [MERGES, "[" * 3000 + "]" * 3000])
def test_a_hostile_release_is_named(text: str, tmp_path: Path) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_text((ROOT / "platform.yaml").read_text())
    release = tmp_path / "operators" / "other" / "install.yaml"
    release.parent.mkdir(parents=True)
    release.write_text(text)
    result = run("images", "dev", "-f", spec)
    assert result.exit_code == 1
    assert "operators/other/install.yaml " in result.stderr
