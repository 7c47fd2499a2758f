"""Linear time in every text that the author of a tree controls: patterns, readers and messages.

A pattern that searches the rest of the text at each of its places needs some 10^8 steps for a text that a
linear one reads in 10^4. A limit of processor time tells the two apart by a factor of hundreds, on a
machine of any speed; it measures nothing.
"""

from __future__ import annotations

import ast
import re
import signal
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import FrameType

import pytest

COMPILER = Path(__file__).parent.parent / "compiler"
LENGTH = 20_000
SECONDS = 1.0
# Of what patterns repeat: each character that is in some, and pieces that begin a match.
PIECES = [
    *"aA0_-./:@=\"'`,;{}[]()$% \t\n\\|<>#*&!?~^+\u202e\xe9",
    "a.", "a-", "a/", "a:", "a_", "0.", "-a", "a=", "a,", "a ", "/a", '"a', "'a", " \n", "[a", "--", "password",
    "password=", "mysql ", "token: ", "-password ", "pw is ", "://", "http://", "a:a", "a@", "://a:", "eyJa.",
    "${", "$(", "##[", "AKIA", "sk-", "-----BEGIN ", "-----BEGIN CERTIFICATE-----", "1Gi", "spec.", "name: ",
]  # fmt: skip
TEXTS = [piece * (LENGTH // len(piece)) + end for piece in PIECES for end in ("", "!")]
_METHODS = {"findall": "finditer", "sub": "finditer", "subn": "finditer", "split": "finditer"}
_ASKED = {"search", "match", "fullmatch", "finditer", *_METHODS}


@contextmanager
def processor_limit(seconds: float, subject: str) -> Iterator[None]:
    def over(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(subject)

    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _module(path: Path) -> str:
    return ".".join(path.relative_to(COMPILER.parent).with_suffix("").parts).removesuffix(
        ".__init__"
    )


def patterns() -> dict[re.Pattern[str], set[str]]:
    """Every pattern of the compiler, with the methods by which it is asked."""
    asked: dict[re.Pattern[str], set[str]] = defaultdict(set)
    methods: dict[str, set[str]] = defaultdict(set)
    files = [path for path in COMPILER.rglob("*.py") if path.name != "__main__.py"]
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                methods[node.value.id].add(node.attr)
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="re"), attr=method),
                    args=[ast.Constant(value=str(text)), *_],
                ) if method in _ASKED:
                    asked[re.compile(text)].add(method)
    for path in files:
        for name, value in vars(import_module(_module(path))).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                asked[value] |= methods[name] & _ASKED
    return {pattern: names or {"search"} for pattern, names in asked.items()}


def _run(pattern: re.Pattern[str], method: str, text: str) -> None:
    if _METHODS.get(method, method) == "finditer":
        for _ in pattern.finditer(text):
            pass
    else:
        getattr(pattern, method)(text)


PATTERNS = patterns()


def test_no_pattern_is_slow() -> None:
    assert len(PATTERNS) > 80
    slow = set()
    for pattern, methods in PATTERNS.items():
        for method in methods:
            for text in TEXTS:
                try:
                    with processor_limit(SECONDS, pattern.pattern):
                        _run(pattern, method, text)
                except TimeoutError:
                    slow.add((pattern.pattern, method, text[:20]))
                    break
    assert not slow


@pytest.mark.parametrize("pattern", [r"\s*,\s*$", r"[a-z][a-z0-9+.-]*://", r"(a+)+$"])
def test_a_slow_pattern_would_be_found(pattern: str) -> None:
    text = " " * 10 * LENGTH + "!" + "a" * 10 * LENGTH + "!"
    with pytest.raises(TimeoutError), processor_limit(SECONDS, pattern):
        _run(re.compile(pattern), "search", text)
