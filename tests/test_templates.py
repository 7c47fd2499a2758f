"""Templates: a checkout compiles them when it renders them, an installed wheel has them compiled."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from jinja2 import Environment, ModuleLoader, UndefinedError
from support.paths import ROOT, SCENARIOS
from support.scenarios import compiled

from compiler import pipeline
from compiler.kube import template


@pytest.fixture
def module(tmp_path: Path) -> str:
    """The path of a module that has a template."""
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "server.ini.j2").write_text("[server]\nname = {{ name }}\n")
    return str(tmp_path / "__init__.py")


def test_a_component_of_another_package_has_templates_too(module: str) -> None:
    assert template.render(module, "server.ini.j2", name="a") == "[server]\nname = a\n"


def test_a_missing_variable_is_an_error(module: str) -> None:
    with pytest.raises(UndefinedError):
        template.render(module, "server.ini.j2")


@pytest.mark.parametrize("mark", ["\n", "\r", "\0", "\x85", "\u2028"])
def test_no_value_adds_a_line(module: str, mark: str) -> None:
    with pytest.raises(ValueError, match="a line break"):
        template.render(module, "server.ini.j2", name=f"a{mark}port = 1")


@pytest.fixture
def wheel(tmp_path: Path) -> Environment:
    """The templates as the wheel has them, and no way to compile another."""
    runpy.run_path(str(ROOT / "hatch_build.py"))["compile_templates"](ROOT / "compiler", tmp_path)
    return template.environment(ModuleLoader(tmp_path))


def test_the_wheel_has_every_template_compiled(wheel: Environment) -> None:
    names = [path.relative_to(ROOT / "compiler") for path in (ROOT / "compiler").rglob("*.j2")]
    assert names
    assert all(wheel.get_template(str(name)) for name in names)


def test_the_wheel_renders_the_same(wheel: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = dict(compiled("production").tree())
    monkeypatch.setattr(template, "_environment", lambda: wheel)
    data = (SCENARIOS / "production" / "platform.yaml").read_bytes()
    assert dict(pipeline.compile(data, "platform.yaml").tree()) == expected
