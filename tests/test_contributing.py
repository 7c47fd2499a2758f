"""The walk-through of CONTRIBUTING.md is a component that compiles."""

from __future__ import annotations

import re
import sys
from types import ModuleType

import pytest
from support.paths import ROOT

from compiler import pipeline, registry
from compiler.model.component import Component
from compiler.model.contract import REQUIRED, ComponentError, read

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
SPEC = b"""\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: walk}
spec:
  components:
    cache: {memory: 2Gi}
    postgres: {}
"""


def code() -> str:
    """All Python of the section, as one module."""
    section = TEXT.partition("## Add a component")[2].partition("## Rules and diagnostics")[0]
    return "\n\n".join(re.findall(r"```python\n(.*?)```", section, re.S))


def component(monkeypatch: pytest.MonkeyPatch, text: str) -> Component:
    """A component of the type `cache`, as an entry point would bring it."""
    module = ModuleType("walk_through")
    monkeypatch.setitem(sys.modules, "walk_through", module)
    exec(compile(text, "walk_through.py", "exec"), vars(module))
    read_component = read(module, "cache")
    find_component = registry.component
    monkeypatch.setattr(
        registry,
        "component",
        lambda name: read_component if name == "cache" else find_component(name),
    )
    return read_component


def test_it_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    component(monkeypatch, code())
    result = pipeline.compile(SPEC, "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    package = result.lowered["default"].packages["cache"]
    (server,) = (resource for resource in package.resources if resource.kind == "Deployment")
    (container,) = server.manifest["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["memory"] == "2Gi"
    assert {"PGHOST", "PGPASSWORD"} <= {env["name"] for env in container["env"]}
    assert "uses.platformc.dev/postgres-databases" in server.pod_labels


def test_its_custom_resource_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    component(monkeypatch, code())
    module = sys.modules["walk_through"]
    instance = pipeline.compile(SPEC, "platform.yaml").graphs["default"].instances["cache"]
    custom_object = vars(module)["certificate"](instance)
    assert (custom_object.kind, custom_object.custom.ready) == ("Certificate", "condition=Ready")


def test_a_binding_that_no_pod_uses_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = code()
    assert text.count("uses=client.endpoints, ") == 1
    component(monkeypatch, text.replace("uses=client.endpoints, ", ""))
    with pytest.raises(ComponentError, match="no pod uses the binding of the slot `database`"):
        pipeline.compile(SPEC, "platform.yaml")


def test_an_object_of_an_operator_without_its_kind_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = code().replace(
        "    yield kube.deployment",
        "    yield model.Resource(certificate(me).manifest)\n    yield kube.deployment",
    )
    component(monkeypatch, text)
    with pytest.raises(ComponentError, match=r"Certificate of `cert-manager.io` without its"):
        pipeline.compile(SPEC, "platform.yaml")


def test_it_names_what_the_contract_asks_for() -> None:
    for name in REQUIRED:
        assert f"`{name}" in TEXT, name
    assert "compiler/model/component.py" in TEXT


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:compiler|tests|docs)/[\w/.]+)`", TEXT)))
)
def test_its_paths_exist(path: str) -> None:
    assert (ROOT / path).exists(), path
