"""The writer's output reads back equal, by readers of YAML 1.1 and 1.2."""

from __future__ import annotations

import io
import subprocess
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from support.programs import Reader, tool

from compiler.document.characters import is_printable
from compiler.kube import yaml as writer

WORDS = """y n yes no on off true false null ~ Y N YES NO ON OFF TRUE FALSE NULL Null True nan inf .inf .NaN
0 1 -1 +1 1.0 1e3 1E3 0o7 007 0x1F 0b1 1_000 12:30 12:30:45 190:20:30 2026-01-01 2026-01-01T00:00:00Z = << - -- --- ...
? : , [ ] { } # & * ! | > % @ ` a: a:b :a a#b #a -a ?a "a" 'a' !a &a *a a, [a] {a} 1m 2Gi 1Ki 10M 1e 5E 1E5 v1.0 a.b/c
../../../base $patch ^name$ /a e1"""
TEXTS = [
    "", " ", "  a", "a ", "a b", "a  b", "a: b", "a #b", "a\n", "\na", "a\nb", "a\n\nb\n", " a\nb", "a\n b\n", "a\n\n",
    "\t", "a\tb", "\ta\nb", "a\r\nb", "a\rb", "\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\xa0", "\u2028", "\u2029",
    "\ufeff", "\ufffe", "é", "😀", "a\\b", 'a"b', "a'b", "#!/bin/sh\nset -eu\n", "a" * 5000, "- a\n- b\n",
    "key: |\n  x\n", "%TAG\n---\n", "\x7f\n",
]  # fmt: skip
NASTY = [*WORDS.split(), *TEXTS]

text = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.lists(st.sampled_from(NASTY), max_size=3).map(" ".join),
    st.lists(st.sampled_from(NASTY), max_size=3).map("\n".join),
)
scalars = st.one_of(text, st.booleans(), st.integers(-(2**63), 2**64), st.none())
keys = text.filter(lambda key: len(key) < 300)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)
documents = st.dictionaries(keys, values, max_size=4)


def read_11(written: str) -> Any:
    return yaml.load(written, Loader=yaml.SafeLoader)


def read_12(written: str) -> Any:
    reader = YAML(typ="safe", pure=True)
    return reader.load(io.StringIO(written))


@pytest.mark.parametrize("nasty", NASTY)
def test_a_nasty_string_stays_a_string(nasty: str) -> None:
    key = nasty[:300]  # no key of Kubernetes is longer; YAML itself bears 1,024 characters
    document = {"plain": nasty, key: "key", "list": [nasty, [nasty], {key: nasty}]}
    written = writer.dump(document)
    assert read_11(written) == document
    if nasty != "<<":  # ruamel takes even a quoted `<<` for a merge key
        assert read_12(written) == document


@given(documents)
@settings(max_examples=300)
def test_any_document_reads_back_equal(document: dict[str, Any]) -> None:
    written = writer.dump(document)
    assert (read_11(written) or {}) == document


def test_kustomize_reads_nasty_strings_as_strings(tmp_path: Any) -> None:
    """Its reader is go-yaml, which kubectl shares; it can't pass on control characters at all."""
    data = {f"k{index}": nasty for index, nasty in enumerate(NASTY) if is_printable(nasty)}
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": data}
    (tmp_path / "x.yaml").write_text(writer.dump(config_map), newline="")
    (tmp_path / "kustomization.yaml").write_text(writer.dump({"resources": ["x.yaml"]}))
    process = subprocess.run(
        [tool("kustomize"), "build", str(tmp_path)], capture_output=True, check=True
    )
    assert yaml.load(process.stdout, Loader=Reader)["data"] == data


def test_words_that_need_no_quotes_have_none() -> None:
    for word in ("mlflow", "ClusterIP", "apps/v1", "1Gi", "250m", "http://a.b:80/c", "a b", "v1"):
        assert writer.dump({"key": word}) == f"key: {word}\n"


def test_lists_are_not_indented_and_texts_are_literal() -> None:
    written = writer.dump({"a": [{"b": 1, "c": []}, "d"], "e": {}, "f": "x\ny\n"})
    assert written == "a:\n- b: 1\n  c: []\n- d\ne: {}\nf: |\n  x\n  y\n"


def test_what_is_not_yaml_is_refused() -> None:
    with pytest.raises(TypeError):
        writer.dump({"a": {1, 2}})


@pytest.mark.parametrize("number", [1e20, -2.5e-7, 1e-7, 0.5, 1e16, 100.0])
def test_both_versions_of_yaml_read_a_number_as_a_number(number: float) -> None:
    document = writer.dump({"a": number})
    assert yaml.safe_load(document) == {"a": number}
    assert YAML(typ="safe").load(document) == {"a": number}


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_no_number_without_an_end_is_written(number: float) -> None:
    with pytest.raises(TypeError):
        writer.dump({"a": number})
