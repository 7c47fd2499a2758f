"""Linear time in every text that the author of a tree controls: patterns, readers and messages.

Patterns are judged by their structure (`support/pattern_growth.py`), readers and messages by the number of
calls that they make.
"""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from cProfile import Profile
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import pytest
from support.pattern_growth import growth
from support.scenarios import compiled

from benchmarks import platforms
from compiler import pipeline
from compiler.delivery.doctor import check
from compiler.diagnostics import github, sarif, text
from compiler.diagnostics.masking import hidden
from compiler.document.other_files import documents
from compiler.emit.tree import Tree
from compiler.files import open_folder
from compiler.text import markdown_cell, printable
from compiler.upstream.lock import parse
from compiler.validate.json_schema import schema_text
from compiler.write.plan import plan

ROOT = Path(__file__).parent.parent
COMPILER = ROOT / "compiler"
_METHODS = {"findall": "finditer", "sub": "finditer", "subn": "finditer", "split": "finditer"}
_SEARCHES = {"search", "match", "fullmatch", "finditer", *_METHODS}


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
    methods_of: dict[re.Pattern[str], set[str]] = defaultdict(set)
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
                ) if method in _SEARCHES:
                    methods_of[re.compile(text)].add(method)
    for path in files:
        for name, value in vars(import_module(_module(path))).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                methods_of[value] |= methods[name] & _SEARCHES
    return {pattern: names or {"search"} for pattern, names in methods_of.items()}


def test_no_pattern_can_be_slow() -> None:
    methods_of = patterns()
    assert len(methods_of) > 80
    slow = {
        (pattern.pattern, method, reason)
        for pattern, methods in methods_of.items()
        for method in methods
        if (reason := growth(pattern, _METHODS.get(method, method)))
    }
    assert not slow


def _of_schema(value: object) -> Iterator[str]:
    """The patterns in a JSON Schema."""
    if isinstance(value, dict):
        if isinstance(pattern := value.get("pattern"), str):
            yield pattern
        for inner in value.values():
            yield from _of_schema(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _of_schema(inner)


def test_no_pattern_of_a_field_can_be_slow() -> None:
    schema_patterns = set(_of_schema(json.loads(schema_text())))
    assert len(schema_patterns) > 30
    assert {
        p: reason for p in schema_patterns if (reason := growth(re.compile(p), "fullmatch"))
    } == {}


SLOW = (
    r"\s*,\s*$",
    r"[a-z][a-z0-9+.-]*://",
    r"(a+)+$",
    r"a*a*b",
    r"(a|aa)+$",
    r"(?i)password.*=x",
    r"\w+(?=:)",
)
LINEAR = (r"a+", r"(?<!\w)\w+=", r"\b\w+:", r"^\w+:", r"(?m)^\w+:", r"\w{0,64}:", r"/[^/]*x?")


def test_slow_patterns_are_found_by_their_structure() -> None:
    assert [pattern for pattern in SLOW if growth(re.compile(pattern), "search") is None] == []
    assert [pattern for pattern in LINEAR if growth(re.compile(pattern), "search")] == []
    assert growth(re.compile(r"a*,"), "match") is None


@pytest.mark.parametrize("pattern", SLOW[:3])
def test_a_pattern_that_is_found_is_slow(pattern: str) -> None:
    text = " " * 20_000 + "!" + "a" * 20_000 + "!"
    with pytest.raises(TimeoutError), processor_limit(0.1, pattern):
        re.compile(pattern).search(text)


# Readers and messages: how many calls a text of twice the length takes (of larger texts: live/test_large_texts.py)

HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: x}\nspec:\n"
W = "  workloads:\n    w:\n      image: 'a:1'\n"
Spec = Callable[[int], str]


def _lines(head: str, line: str) -> Spec:
    """A spec of a head and so many characters of a line, with a number in the place of `#`."""

    def spec(length: int) -> str:
        count = length // len(line)
        return HEAD + head + "".join(line.replace("#", str(index)) for index in range(count))

    return spec


def _long(before: str, piece: str, after: str) -> Spec:
    return lambda length: f"{HEAD}{before}{piece * (length // len(piece))}{after}\n"


SPECS: dict[str, Spec] = {
    "unknown keys": _lines("  components:\n    minio:\n", "      k#: x\n"),
    "misspelt keys": _lines("  components:\n    minio:\n", "      replica#: 1\n"),
    "keys that stand twice": _lines("  components:\n    minio:\n", "      replicas: 1\n"),
    "unknown types": _lines("  components:\n", "    mini#: {}\n"),
    "workloads without an image": _lines("  workloads:\n", "    w#: {}\n"),
    "floating tags": _lines("  workloads:\n", "    w#: {image: 'a:latest'}\n"),
    "unknown instances": _lines(f"{W}      uses:\n", "      - x#\n"),
    "passwords in arguments": _lines(f"{W}      args:\n", "      - password=x#\n"),
    "passwords in variables": _lines(f"{W}      env:\n", "        PASSWORD#: xyzxyz#\n"),
    "unknown codes": _lines("  silence:\n", "  - {code: x#, reason: y}\n"),
    "patches that miss": _lines(
        "  patches:\n",
        "  - {target: {kind: Namespace, name: n#}, operations: [{op: remove, path: /x}]}\n",
    ),
    "models without a server": _lines("  models:\n", "    m#: {format: onnx, uri: 's3://a/b#'}\n"),
    "empty lines": _lines("", "\n"),
    "marks of direction": _lines("  domain: x #\n", "#\u202e\n"),
    "a long key": _long("  components:\n    ", "a.", ": {}"),
    "a key of a credential": _long("  components:\n    ", "password", ": {}"),
    "a long host": _long("  domain: ", "a.", ""),
    "quotes in a host": _long("  domain: '", 'password="', "'"),
    "a long image": _long("  workloads: {w: {image: ", "a/", "}}"),
    "addresses": _long(f"{W}      env: {{X: '", "http://a:b@c ", "'}"),
    "a command": _long(f"{W}      command: [sh, -c, '", "echo $(X) ; mysql -p ", "']"),
    "a command that is no list": _long(f"{W}      command: 'mysql -p", "mysql -p ", "'"),
    "a list": _long("  domain: [", "a,", "]"),
    "open brackets": _long("  domain: ", "[", ""),
    "lines of a config file": _long(
        '  components: {redis: {files: {redis.conf: "', "a b\\n", '"}}}'
    ),
}


def _calls(work: Callable[[], object]) -> int:
    """How many functions are called, those of C too."""
    profile = Profile()
    profile.enable()
    try:
        work()
    finally:
        profile.disable()
    return sum(entry.callcount for entry in profile.getstats())


def validated(spec: str) -> None:
    report = pipeline.compile(spec.encode(), "platform.yaml").report
    for renderer in (text, sarif, github):
        renderer.render(report.sorted(), {"platform.yaml": spec})


def is_linear(work: Callable[[int], object], length: int) -> None:
    work(100)  # modules are imported, and tables made
    base = _calls(lambda: work(100))
    once, twice = _calls(lambda: work(length)), _calls(lambda: work(2 * length))
    assert twice - base <= 2.5 * max(once - base, 2000), (base, once, twice)


@pytest.mark.parametrize("case", SPECS)
def test_a_spec_is_read_and_reported_in_linear_time(case: str) -> None:
    is_linear(lambda length: validated(SPECS[case](length)), 1500)


def calls_of_another_model() -> float:
    """Of 60 models against 20, in three environments that share nearly all."""
    specs = {count: platforms.text(platforms.platform(count, 3)) for count in (20, 60)}

    def compiled_with(count: int) -> None:
        result = pipeline.compile(specs[count].encode(), "platform.yaml")
        assert not result.report.failed
        result.tree()

    compiled_with(20)  # modules are imported, and schemas built
    small, large = (_calls(partial(compiled_with, count)) for count in specs)
    return (large - small) / 40


def test_another_model_costs_few_calls() -> None:
    """Some 2,950 calls, in a process of its own: other tests fill the table of texts that YAML repeats."""
    script = "import test_linear_time; print(test_linear_time.calls_of_another_model())"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
    process = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert float(process.stdout) < 3000


def _sums(length: int) -> None:
    with TemporaryDirectory() as folder, open_folder(Path(folder)) as root:
        root.create("platformc.sum", [b"".join(b"%064x  base/x%d\n" % (n, n) for n in range(length // 75))])  # fmt: skip
        plan(Tree({}), root)


def _broken_lock(length: int) -> None:
    digests = "".join(f"  x{index}: sha256:{index:064x}\n" for index in range(length // 80))
    parse(f"images:\n{digests}".encode(), "platform.lock")


def _cluster(length: int) -> None:
    """The answer of a cluster: as many storage classes, each with a hostile name."""
    classes = [{"metadata": {"name": f"::error::\n{index}"}} for index in range(length // 40)]
    answer = json.dumps({"items": classes, "serverVersion": {"major": "1", "minor": "34"}})
    list(check(compiled("minimal").lowered["default"], lambda words, stdin: (0, answer, ""), 0.0))


READERS = {
    "platformc.sum": _sums,
    "platform.lock": _broken_lock,
    "a release": lambda length: documents(b"- {a: [1, 2]}\n" * (length // 14)),
    "a cluster": _cluster,
    "a text for a terminal": lambda length: printable("\x1b\u202e##[" * (length // 6)),
    "a text for a table": lambda length: markdown_cell("`|@<\n" * (length // 5)),
    "a value to mask": lambda length: hidden({"env": ["password=x http://a:b@c" * (length // 23)]}),
}


@pytest.mark.parametrize("case", READERS)
def test_another_text_is_read_in_linear_time(case: str) -> None:
    is_linear(READERS[case], 20_000)


def test_what_is_not_linear_would_be_found() -> None:
    def quadratic(length: int) -> None:
        for _ in range(length // 100):
            for number in range(length // 100):
                abs(number)

    with pytest.raises(AssertionError):
        is_linear(quadratic, 20_000)
