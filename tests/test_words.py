"""Names and prose are definite: they name the thing that they refer to.

The bounds only ever fall. When a change raises a count above its bound, rename the variables and
rewrite the sentences that the failure lists.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import click
import pytest
from support.words import (
    UNNAMED_THING,
    Count,
    count_document,
    count_names,
    count_words,
    sources,
    total,
)

from compiler.cli import platformc

ROOT = Path(__file__).parent.parent
NAMES_PER_HUNDRED = {"compiler": 0.2, "action": 0.2, "benchmarks": 0.2, "tests": 0.8}
WORDS_PER_THOUSAND = {"compiler": 3.0, "action": 2.0, "benchmarks": 2.0, "tests": 3.0}
DOCUMENT_WORDS_PER_THOUSAND = 5.0


@pytest.mark.parametrize("folder", NAMES_PER_HUNDRED)
def test_local_names_are_definite(folder: str) -> None:
    counts = _count(count_names, ROOT / folder)
    assert _share(counts) * 100 <= NAMES_PER_HUNDRED[folder], _worst(counts)


@pytest.mark.parametrize("folder", WORDS_PER_THOUSAND)
def test_prose_is_definite(folder: str) -> None:
    counts = _count(count_words, ROOT / folder)
    assert _share(counts) * 1000 <= WORDS_PER_THOUSAND[folder], _worst(counts)


def test_documents_are_definite() -> None:
    paths = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    counts = {path: count_document(path.read_text(encoding="utf-8")) for path in paths}
    assert _share(counts) * 1000 <= DOCUMENT_WORDS_PER_THOUSAND, _worst(counts)


def test_descriptions_of_the_schema_are_definite() -> None:
    schema = json.loads((ROOT / "schemas" / "platform.schema.json").read_text(encoding="utf-8"))
    indefinite, words = total(map(count_document, _descriptions(schema)))
    assert indefinite / words * 1000 <= DOCUMENT_WORDS_PER_THOUSAND


def test_help_of_options_names_its_thing() -> None:
    """People read it alone, without the help of the other options."""
    helps = {
        (command.name, option.name): option.help
        for command in _commands(platformc)
        for option in command.params
        if isinstance(option, click.Option) and option.help
    }
    assert len(helps) > 70
    assert {key: text for key, text in helps.items() if UNNAMED_THING.search(text)} == {}


def test_names_are_counted_once_for_each_function() -> None:
    source = """
    def outer(one, path, *, known=()):
        for one in path:
            found = [other for other in one]
        return found
    """
    # `one`, `known`, `found` and `other`; `path` is definite.
    assert count_names(dedent(source)) == Count(4, 5)


def test_words_of_docstrings_and_comments_are_counted() -> None:
    source = '''
    """Whoever reads it."""
    text = "who"  # nobody is told
    '''
    assert count_words(dedent(source)) == Count(3, 7)


def _commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _commands(child)


def _descriptions(schema: Any) -> Iterator[str]:
    inner = schema.values() if isinstance(schema, dict) else schema
    for value in inner if isinstance(schema, dict | list) else ():
        yield from _descriptions(value)
    if isinstance(schema, dict) and isinstance(schema.get("description"), str):
        yield schema["description"]


def _count(counter: Callable[[str], Count], folder: Path) -> dict[Path, Count]:
    return {path: counter(source) for path, source in sources(folder)}


def _share(counts: dict[Path, Count]) -> float:
    indefinite, words = total(counts.values())
    return indefinite / words


def _worst(counts: dict[Path, Count]) -> str:
    """The files with the most indefinite names or words."""
    ranked = sorted(counts, key=lambda path: -counts[path].indefinite)
    return "\n".join(f"{path}: {counts[path].indefinite}" for path in ranked[:10])
