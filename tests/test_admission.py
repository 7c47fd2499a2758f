"""The compiler refuses objects that fit their schema and that an API server refuses.

`tests/live/test_apply.py` asks a real one about the same objects.
"""

from __future__ import annotations

import pytest
from support.invalid_deployments import deployment, refused

from compiler.kube.admission import refusals
from compiler.verify import problems


@pytest.mark.parametrize("reason", refused())
def test_what_fits_its_schema_and_is_refused(reason: str) -> None:
    manifest, pointer = refused()[reason]
    assert not list(problems(manifest))
    assert [refusal.at for refusal in refusals(manifest)] == [pointer]


@pytest.mark.parametrize("place", ["", "/spec/template"])
@pytest.mark.parametrize("name", ["labels", "annotations"])
@pytest.mark.parametrize("key", ["a b", "a\nb", "", "-a", "Upper.example/a", "a" * 64])
def test_a_key_that_is_refused(place: str, name: str, key: str) -> None:
    manifest = deployment()
    holder = manifest["spec"]["template"] if place else manifest
    holder["metadata"].setdefault(name, {})[key] = "x"
    assert not list(problems(manifest))
    expected = (
        []
        if (name, key) == ("annotations", "Upper.example/a")
        else [f"{place}/metadata/{name}/{key}"]
    )
    assert [refusal.at.replace("~1", "/") for refusal in refusals(manifest)] == expected


@pytest.mark.parametrize("key", ["a b", "a/b", "..", ".", "..data", "", "a" * 254])
@pytest.mark.parametrize("section", ["data", "binaryData"])
def test_a_file_that_is_refused(section: str, key: str) -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
        section: {key: "eA=="},
    }
    assert [refusal.at for refusal in refusals(manifest)] == [
        f"/{section}/{key.replace('/', '~1')}"
    ]


def test_what_is_accepted() -> None:
    assert not list(refusals(deployment()))
