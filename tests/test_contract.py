"""The contract of components: defaults for what a module lacks, and mistakes that name its file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from support.paths import ROOT, TESTS

from compiler.model.contract import DEFAULTS, REQUIRED, ComponentError, read

GOOD = (TESTS / "plugin/platformc_garage/__init__.py").read_text()
SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: broken}
spec:
  components:
    broken: {}
"""
# An author's replacement for a line of a component that works, and the error.
MISTAKES = {
    "no phase": ("PHASE = model.Phase.STORES", "", "its module has no `PHASE`"),
    "a number as phase": (
        "model.Phase.STORES", "10", "`PHASE` is a value of type `int`, not a Phase"),
    "a reason that is no text": (
        "PORT = 3900", "PORT = 3900\nCLUSTER_SINGLETON = True",
        "`CLUSTER_SINGLETON` is a value of type `bool`, not a str"),
    "a command that is no function": (
        "PORT = 3900", "PORT = 3900\nrevoke_command = 'x'",
        "`revoke_command` is a value of type `str`, not a function"),
    "claims that are a list": (
        "    return {}", "    return []",
        "`claims` returns a value of type `list`, not a mapping"),
    "a slot that is a name": (
        "return {STORE:", "return {'s3':",
        "`offers` returns a value of type `str` as a key, not a `model.Provides`"),
    "an offer that is a port": (
        "s3.Offer(port=PORT, region=\"garage\")", "PORT",
        "`offers` returns a value of type `int` for the slot `s3`, not a `model.Offer`"),
    "a manifest that is no piece": (
        "yield kube.service(me, \"server\", {\"http-s3\": PORT})", "yield {\"kind\": \"Service\"}",
        "`lower` yields a value of type `dict`, which is not a `model.Piece`"),
    "no pieces": (
        "    yield kube.service(me, \"server\", {\"http-s3\": PORT})",
        "    return None\n\n\ndef lower(me, wiring):\n    return None",
        "`lower` returns a value of type `NoneType`, not pieces"),
    "an object without a name": (
        "yield kube.service(me, \"server\", {\"http-s3\": PORT})",
        "yield model.Resource({\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"a\": 1}})",
        "`lower` yields a Service without a name"),
    "an exception in a function": (
        "yield kube.service(me, \"server\", {\"http-s3\": PORT})", "yield me.spec.port",
        "AttributeError in lower, line"),
    "an exception below a function": (
        "yield kube.service(me, \"server\", {\"http-s3\": PORT})", "yield kube.service(me)",
        "TypeError in lower, line"),
    "a module that can't be imported": (
        "from compiler import kube, model", "from compiler import kube, model, bulbs",
        "its module can't be imported: ImportError: cannot import name 'bulbs'"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_the_component_and_its_file(mistake: str, tmp_path: Path) -> None:
    line, replacement, problem = MISTAKES[mistake]
    assert GOOD.count(line) == 1
    install(tmp_path, GOOD.replace(line, replacement))
    result = compiled(tmp_path)
    assert result.returncode == 70, result.stdout + result.stderr
    first_line, second, *_ = result.stderr.splitlines()
    assert "a bug in the component `broken`; nothing was changed" in first_line
    assert "platformc_broken" in second
    assert problem in second
    assert not (tmp_path / "base").exists()


def test_the_same_component_without_a_mistake_compiles(tmp_path: Path) -> None:
    install(tmp_path, GOOD)
    result = compiled(tmp_path)
    assert result.returncode == 0, result.stderr


def test_a_change_of_another_package_compiles_again(tmp_path: Path) -> None:
    """The note of the last compile says nothing of the files of other packages."""
    install(tmp_path, GOOD)
    assert compiled(tmp_path).returncode == 0
    module = tmp_path / "platformc_broken/__init__.py"
    module.write_text(GOOD.replace("PORT = 3900", "PORT = 3999"))
    assert module.read_text() != GOOD
    result = compiled(tmp_path)
    assert "nothing changed" not in result.stderr


def install(folder: Path, code: str) -> None:
    """A package with one component, `broken`, as pip would leave it."""
    (folder / "platformc_broken").mkdir()
    (folder / "platformc_broken/__init__.py").write_text(code)
    about = folder / "platformc_broken-1.0.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: platformc-broken\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[platformc.components]\nbroken = platformc_broken\n")


def compiled(folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "platform.yaml").write_text(SPEC)
    return subprocess.run(
        [sys.executable, "-m", "compiler", "compile"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_name_that_a_module_lacks_has_its_default() -> None:
    module = ModuleType("platformc_example")
    exec(GOOD, vars(module))
    component = read(module, "example")
    for name, default in DEFAULTS.items():
        assert getattr(component, name) == default, name
    assert component.provides == (vars(module)["STORE"],)


def test_every_name_of_the_contract_has_a_sentence() -> None:
    lines = (ROOT / "compiler/model/component.py").read_text().splitlines()
    for name in (*REQUIRED, *DEFAULTS):
        (at,) = [index for index, line in enumerate(lines) if line.startswith(f"    {name}: ")]
        assert lines[at + 1].startswith('    """'), name


def test_a_module_that_is_no_component_is_refused() -> None:
    with pytest.raises(ComponentError, match=r"component `x` .*: its module has no `PHASE`"):
        read(ModuleType("x"), "x")
