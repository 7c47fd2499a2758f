"""Count names and words that leave open which thing they mean, in Python sources and documents."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import NamedTuple

# A variable needs the name of its content: `diagnostic`, not `one`; `missing_keys`, not `found`.
INDEFINITE_NAMES = frozenset(
    [
        "able",
        "all",
        "alone",
        "apart",
        "around",
        "asked",
        "begun",
        "beside",
        "besides",
        "both",
        "done",
        "each",
        "either",
        "everybody",
        "everything",
        "first",
        "found",
        "given",
        "gone",
        "held",
        "here",
        "it",
        "kept",
        "known",
        "last",
        "left",
        "made",
        "near",
        "next",
        "of",
        "one",
        "other",
        "others",
        "own",
        "ours",
        "place",
        "places",
        "said",
        "seen",
        "some",
        "sound",
        "taken",
        "theirs",
        "them",
        "there",
        "told",
        "waiting",
        "wanted",
        "way",
        "ways",
        "what",
        "who",
        "whole",
        "whose",
        "within",
    ]
)
# A sentence needs a subject: "the Secret's readers", not "whoever reads it".
INDEFINITE_WORDS = re.compile(
    r"\b(who(m|se|ever)?|what(ever)?|(some|no)body('s)?|by itself|of (its|their) own"
    r"|tells?|told|besides?)\b",
    re.IGNORECASE,
)
# The help of an option stands alone: it names its thing, and is no rest of a sentence.
UNNAMED_THING = re.compile(
    r"^(also|of|only|over|as)\b|\b(whose|what|this one|knows otherwise|for each\.)", re.IGNORECASE
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Count(NamedTuple):
    """Indefinite names or words of one file, and all of them."""

    indefinite: int
    total: int


def count_names(source: str) -> Count:
    """Count the parameters and local variables of all functions, each once per function."""
    names = [name for function in _functions(ast.parse(source)) for name in _local_names(function)]
    return Count(sum(name in INDEFINITE_NAMES for name in names), len(names))


def count_words(source: str) -> Count:
    """Count the words of all docstrings and comments."""
    texts = [*_docstrings(ast.parse(source)), *_comments(source)]
    indefinite = sum(len(INDEFINITE_WORDS.findall(text)) for text in texts)
    return Count(indefinite, sum(len(text.split()) for text in texts))


def count_document(text: str) -> Count:
    """Count the words of a document, or of the descriptions of a schema."""
    return Count(len(INDEFINITE_WORDS.findall(text)), len(text.split()))


def total(counts: Iterable[Count]) -> Count:
    """The sum over several files."""
    listed = list(counts)
    return Count(sum(count.indefinite for count in listed), sum(count.total for count in listed))


def sources(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every Python file below a folder, with its text, without compiled output of a scenario."""
    for path in sorted(folder.rglob("*.py")):
        if "expected" not in path.parts:
            yield path, path.read_text(encoding="utf-8")


def _functions(tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def _local_names(function: Function) -> set[str]:
    parameters = (*function.args.args, *function.args.kwonlyargs)
    names = {parameter.arg for parameter in parameters} - {"self", "cls"}
    return names | {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _docstrings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, Function | ast.ClassDef | ast.Module):
            yield ast.get_docstring(node) or ""


def _comments(source: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
