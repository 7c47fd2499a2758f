"""Few of the fuzzer's inputs, the same each time; and hostile strings in every field of text."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from support.corpus import FOLDER, bases
from support.fuzz import fuzz, patched, written

from compiler import pipeline

READER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Place = tuple[str | int, ...]
PLATFORMS: dict[str, Any] = {
    name: yaml.load((FOLDER / name).read_text(encoding="utf-8"), yaml.CSafeLoader)
    for name in bases()
}
# Each kind of trouble: quoting, templates, tags, anchors, expansion; lines; Unicode and length; a boolean.
STRINGS = ["a\"b'c {{ x }}", "!!str &a # $(X)", "a\nb: c", "a\u2028" * 999, "yes"]


def test_every_answer_is_a_tree_or_diagnostics() -> None:
    answers = fuzz(200, derandomize=True)
    assert answers["a tree"] > 10
    assert len(answers) > 12


def test_no_patch_breaks_the_compiler() -> None:
    answers = fuzz(80, patched(), derandomize=True)
    assert {"a tree", "schema-violation", "patch-refused"} <= answers.keys()


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """Where a spec has text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))
    elif isinstance(value, str):
        yield path


def with_text(name: str, path: Place, text: str) -> bytes:
    root = copy.deepcopy(PLATFORMS[name])
    holder = root
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = text
    return written(root)


def shape(name: str, path: Place, text: str) -> object:
    """The structure of the objects of a spec with a text; None where it is refused."""
    result = pipeline.compile(with_text(name, path, text), "platform.yaml")
    if result.report.failed:
        return None
    tree = result.tree(rendered=())
    return {
        _named(path, text): [
            _shape(document, text) for document in yaml.load_all(content, Loader=READER)
        ]
        for path, content in tree.items()
        if path.endswith(".yaml")
    }


def _named(name: str, text: str) -> str:
    """A name without the text that may be part of it, and without the hash that ends a Job's."""
    return re.sub(r"-[0-9a-f]{8}\b", "-HASH", name).replace(text, "TEXT")


def _shape(value: Any, text: str) -> object:
    if isinstance(value, dict):
        return {_named(str(key), text): _shape(inner, text) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shape(inner, text) for inner in value]
    return type(value).__name__


def fields() -> list[tuple[str, Place]]:
    """Every field of text of the corpus' platforms; a field that two of them have, once."""
    actual: dict[Place, str] = {}
    for name, platform in PLATFORMS.items():
        for path in places(platform):
            actual.setdefault(path, name)
    return [(name, path) for path, name in actual.items()]


@pytest.mark.parametrize(
    ("name", "path"),
    fields(),
    ids=lambda parameter: (
        parameter if isinstance(parameter, str) else ".".join(map(str, parameter))
    ),
)
def test_hostile_text_changes_no_structure(name: str, path: Place) -> None:
    accepted = [actual for text in STRINGS if (actual := shape(name, path, text)) is not None]
    plain = shape(name, path, "plain") if accepted else None
    assert all(actual == plain for actual in accepted)


@pytest.mark.parametrize(("name", "path"), [
    ("base.yaml", ("spec", "workloads", "churn-training", "command", 0)),
    ("models-base.yaml", ("spec", "workloads", "publish", "command", 1)),
])  # fmt: skip
def test_some_fields_take_any_text(name: str, path: Place) -> None:
    """The test above would pass where everything is refused."""
    assert all(shape(name, path, text) for text in STRINGS if "$" not in text)
