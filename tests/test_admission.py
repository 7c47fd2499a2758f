"""The compiler refuses objects that fit their schema and that an API server refuses.

`tests/live/test_apply.py` asks a real one about the same objects.
"""

from __future__ import annotations

from typing import Any

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


@pytest.mark.parametrize(("spec", "rejected"), [
    (None, ["/spec/ports"]),
    ({"selector": {"a": "b"}}, ["/spec/ports"]),
    ({"ports": []}, ["/spec/ports"]),
    ({"ports": [{"port": 80}]}, []),
    ({"clusterIP": "None"}, []),
    ({"type": "ExternalName", "externalName": "a.example.com"}, []),
])  # fmt: skip
def test_a_service_has_a_port(spec: dict[str, Any] | None, rejected: list[str]) -> None:
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}
    manifest |= {} if spec is None else {"spec": spec}
    assert not list(problems(manifest))
    assert [refusal.at for refusal in refusals(manifest)] == rejected


BAD = "a\n# APPROVED"
POD = "/spec/template/spec"
KEYS: list[tuple[str, str, dict[str, Any]]] = [
    ("selector", "/spec/selector/matchLabels", {BAD: "x"}),
    ("limits", f"{POD}/containers/0/resources/limits", {BAD: "1"}),
    ("requests", f"{POD}/containers/0/resources/requests", {BAD: "1"}),
    ("overhead", f"{POD}/overhead", {BAD: "1"}),
    ("spread", f"{POD}/topologySpreadConstraints/0/labelSelector/matchLabels", {BAD: "x"}),
    ("claim", "/spec/volumeClaimTemplates/0/spec/resources/requests", {BAD: "1"}),
    ("metadata of a claim", "/spec/volumeClaimTemplates/0/metadata/labels", {BAD: "x"}),
]


@pytest.mark.parametrize(("at", "value"), [row[1:] for row in KEYS], ids=[row[0] for row in KEYS])
def test_a_key_of_a_map_that_is_refused(at: str, value: dict[str, Any]) -> None:
    manifest = deployment()
    if "Claim" in at:
        manifest["kind"] = "StatefulSet"
    holder: Any = manifest
    *parts, last = at.split("/")[1:]
    for part, after in zip(parts, [*parts[1:], last], strict=True):
        if part.isdigit():
            holder.extend({} for _ in range(int(part) + 1 - len(holder)))
            holder = holder[int(part)]
        else:
            holder = holder.setdefault(part, [] if after.isdigit() else {})
    holder.setdefault(last, {}).update(value)
    assert f"{at}/{BAD.replace('/', '~1')}" in [refusal.at for refusal in refusals(manifest)]


def test_a_selector_of_a_service_that_is_refused() -> None:
    manifest = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"},
        "spec": {"selector": {BAD: "x"}, "ports": [{"port": 80}]},
    }  # fmt: skip
    assert [refusal.at for refusal in refusals(manifest)] == [f"/spec/selector/{BAD}"]


@pytest.mark.parametrize(
    ("key", "element"),
    [
        ("containers", {"name": BAD, "image": "a:1"}),
        ("initContainers", {"name": "A", "image": "a:1"}),
        ("volumes", {"name": "a_b", "emptyDir": {}}),
    ],
)
def test_a_name_that_is_refused(key: str, element: dict[str, Any]) -> None:
    manifest = deployment()
    elements = manifest["spec"]["template"]["spec"].setdefault(key, [])
    elements.append(element)
    place = f"{POD}/{key}/{len(elements) - 1}/name"
    assert [refusal.at for refusal in refusals(manifest)] == [place]


@pytest.mark.parametrize("name", [BAD, "Web", "a--b", "1", "a" * 16])
def test_a_name_of_a_port_that_is_refused(name: str) -> None:
    manifest = deployment()
    container = manifest["spec"]["template"]["spec"]["containers"][0]
    container["ports"] = [{"containerPort": 80, "name": name}, {"containerPort": 81}]
    assert [refusal.at for refusal in refusals(manifest)] == [f"{POD}/containers/0/ports/0/name"]


def test_what_is_accepted() -> None:
    assert not list(refusals(deployment()))
