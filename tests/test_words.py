"""Names and prose of the compiler are definite: they say what they refer to.

The bounds only ever fall. When a change raises a count above its bound, rename the variables and
rewrite the sentences that the failure lists.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

from support.words import Count, count_names, count_words, sources, total

COMPILER = Path(__file__).parent.parent / "compiler"
NAMES_PER_HUNDRED = 1.5
WORDS_PER_THOUSAND = 5.0


def test_local_names_are_definite() -> None:
    counts = _count(count_names)
    assert _share(counts) * 100 <= NAMES_PER_HUNDRED, _worst(counts)


def test_prose_is_definite() -> None:
    counts = _count(count_words)
    assert _share(counts) * 1000 <= WORDS_PER_THOUSAND, _worst(counts)


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


def _count(counter: Callable[[str], Count]) -> dict[Path, Count]:
    return {path: counter(source) for path, source in sources(COMPILER)}


def _share(counts: dict[Path, Count]) -> float:
    indefinite, words = total(counts.values())
    return indefinite / words


def _worst(counts: dict[Path, Count]) -> str:
    """The files with the most indefinite names or words."""
    ranked = sorted(counts, key=lambda path: -counts[path].indefinite)
    return "\n".join(f"{path}: {counts[path].indefinite}" for path in ranked[:10])
