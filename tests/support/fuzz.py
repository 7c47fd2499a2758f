"""Anything at all as a spec: every answer is a tree or diagnostics, never a traceback.

Three kinds of input, from far to near: bytes, trees of the language's own words, and specs that
compile, changed in a few places. `PYTHONPATH=tests python -m support.fuzz 100000` runs as many; the test suite runs few.
`PYTHONPATH=tests python -m support.fuzz 10000 patches` puts a patch on one object of a spec that compiles, at any place in it.
"""

from __future__ import annotations

import copy
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compiler import pipeline
from compiler.diagnostics import github, junit, sarif, text
from compiler.diagnostics import json as as_json
from support.corpus import FOLDER, bases
from support.paths import SCENARIOS

SPECS = sorted([*(FOLDER / name for name in bases()), *SCENARIOS.glob("*/platform.yaml")])
HOSTILE = (
    "", " ", "~", "null", "yes", "0x1f", "1e999", "-0", "012", "12:30", "a: b", "- a", "'", '"', "`",
    "a\nb: c", "a\r\nb", "\t", "{{ x }}", "{% raw %}", "$(HOME)", "${HOME}", "$$", "%s", "!!python/name:os",
    "&a", "*a", "# a", "a #b", "|", ">", "---", "...", "\ufeff", "\u2028", "\u202e", "\u00a0", "é", "日本",
    "😀", "a" * 5000, "../../etc/passwd", "/", "\\", "<b>", "]]>", "::error::x", "-----BEGIN", "a,b", "[", "{",
)  # fmt: skip
PART = 5000
NASTY = st.sampled_from(HOSTILE) | st.text(max_size=40)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | NASTY


def _words() -> list[str]:
    """Keys and values that specs have: a tree of these gets further than one of noise."""
    actual: set[str] = set()
    for path in SPECS:
        _collect(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader), actual)
    return sorted(actual)


def _collect(value: Any, actual: set[str]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            actual.add(str(key))
            _collect(inner, actual)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, actual)
    elif isinstance(value, str):
        actual.add(value)


WORDS = st.sampled_from(_words())
TREES = st.recursive(
    LEAVES | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | NASTY, inner, max_size=6),
    max_leaves=25,
)


@st.composite
def raw(draw: st.DrawFn) -> bytes:
    """Bytes: noise, text, or a spec with a stretch of noise in it."""
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return draw(st.binary(max_size=300))
    if kind == 1:
        return draw(st.text(max_size=300)).encode("utf-8", "surrogatepass")
    data = draw(st.sampled_from(SPECS)).read_bytes()
    at = draw(st.integers(0, len(data)))
    length = draw(st.integers(0, 20))
    noise = draw(
        st.binary(max_size=8) | NASTY.map(lambda text: text.encode("utf-8", "surrogatepass"))
    )
    return data[:at] + noise + data[at + length :]


@st.composite
def trees(draw: st.DrawFn) -> bytes:
    """A platform with a random tree of words as its `spec`."""
    root = {
        "apiVersion": "platformc/v1alpha1",
        "kind": "Platform",
        "metadata": {"name": "fuzz"},
        "spec": draw(TREES),
    }
    return written(root)


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """A spec that compiles, changed in one to three places."""
    root = yaml.load(draw(st.sampled_from(SPECS)).read_text(encoding="utf-8"), yaml.CSafeLoader)
    for _ in range(draw(st.integers(1, 3))):
        _mutate(draw, root)
    return written(root)


def _mutate(draw: st.DrawFn, root: Any) -> None:
    holder = draw(st.sampled_from(list(_holders(root))))
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    if not keys:
        return
    key = draw(st.sampled_from(keys))
    match draw(st.integers(0, 3)):
        case 0:
            del holder[key]
        case 1:
            holder[key] = draw(LEAVES | TREES)
        case 2 if isinstance(holder, dict):
            holder[draw(WORDS | NASTY)] = copy.deepcopy(holder[key])
        case _:
            holder[key] = draw(WORDS)


def _holders(value: Any) -> Any:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _holders(inner)
    elif isinstance(value, list):
        yield value
        for inner in value:
            yield from _holders(inner)


@st.composite
def patched(draw: st.DrawFn) -> bytes:
    """A spec that compiles, with a patch that takes away or replaces any part of an object."""
    path = draw(st.sampled_from(SPECS).filter(_patchable))
    root = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    instance, manifest = draw(st.sampled_from(_patchable(path)))
    at = draw(st.sampled_from(list(_pointers(manifest, ""))))
    operation: dict[str, Any] = {"op": "remove", "path": at}
    if draw(st.booleans()):
        operation = {"op": "replace", "path": at, "value": draw(LEAVES | TREES)}
    target = {"kind": manifest["kind"], "name": manifest["metadata"]["name"]}
    patch = {"target": target, "operations": [operation]}
    root["spec"]["components"][instance] = {
        **(root["spec"]["components"].get(instance) or {}),
        "patches": [patch],
    }
    # Rules read the policies of a platform with labels.
    labels = {"team": "research", **root["metadata"].get("labels", {})}
    root["metadata"] = {**root["metadata"], "labels": labels}
    return written(root)


@cache
def _patchable(path: Path) -> list[tuple[str, Any]]:
    """The objects of a spec's components, each with its component."""
    lowered = pipeline.compile(path.read_bytes(), path.name).lowered.get(None)
    if lowered is None:  # without the lock beside it
        return []
    return [
        (package.name, resource.manifest)
        for package in lowered.packages.values()
        if package.name in lowered.platform.instances
        and lowered.platform.instances[package.name].section == "components"
        for resource in package.resources
    ]


def _pointers(value: Any, at: str) -> Iterator[str]:
    yield at
    if not isinstance(value, (dict, list)):
        return
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in inside:
        name = str(key).replace("~", "~0").replace("/", "~1")
        yield from _pointers(inner, f"{at}/{name}")


def written(root: Any) -> bytes:
    """JSON, which is YAML, with every character that may stand as it is."""
    return json.dumps(root, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")


INPUTS = raw() | trees() | mutants()


def answer(data: bytes) -> str:
    """The result of the compiler for an input; raises where it is neither a tree nor diagnostics."""
    result = pipeline.compile(data, "platform.yaml")
    actual = result.report.sorted()
    source = {"platform.yaml": data.decode("utf-8", "replace")}
    for renderer in (text, as_json, sarif, github, junit):
        renderer.render(actual, source)
    if result.report.failed:
        return min(diagnostic.code for diagnostic in actual)
    assert result.tree(rendered=())
    return "a tree"


def fuzz(
    count: int, inputs: st.SearchStrategy[bytes] = INPUTS, *, derandomize: bool = False
) -> Counter[str]:
    """How often each answer was given to so many inputs."""
    answers: Counter[str] = Counter()

    @settings(
        max_examples=count, deadline=None, database=None, derandomize=derandomize,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
    @given(inputs)
    def run(data: bytes) -> None:
        answers[answer(data)] += 1

    run()
    return answers


def main(expected: int, inputs: st.SearchStrategy[bytes]) -> None:
    """Run in parts, so that a long run can be watched; hypothesis draws each part anew."""
    started, tally = time.monotonic(), Counter[str]()
    while sum(tally.values()) < expected:
        tally += fuzz(min(PART, expected - sum(tally.values())), inputs)
        spent = time.monotonic() - started
        print(f"{sum(tally.values())} inputs in {spent:.0f} s, no traceback", flush=True)
    for name, number in tally.most_common():
        print(f"{number:8} {name}")


if __name__ == "__main__":
    main(int(sys.argv[1]), patched() if sys.argv[2:] == ["patches"] else INPUTS)
