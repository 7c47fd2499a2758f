"""A package imports from packages below it, and from no other. New packages join the list."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

COMPILER = Path(__file__).parent.parent / "compiler"
# From the ground up; packages on one line do not know each other.
LAYERS = """
    document parallel files text
    diagnostics
    spec
    model
    kube diagrams
    interfaces
    components tenants
    registry
    upstream
    load
    specialise
    validate
    reference
    resolve
    lower
    verify
    derive
    check
    rules
    factor
    emit
    pipeline
    write
    delivery
    secrets
    fix
    diff
    commands
    cli
    __main__
"""
LEVEL = {name: level for level, line in enumerate(LAYERS.split("\n")) for name in line.split()}


# They import modules by a computed name: types, tenants, rules, commands, and the formats of output.
BY_NAME = {
    "registry.py", "tenants/__init__.py", "check/__init__.py", "cli.py", "commands/output.py",
    "commands/diff.py", "commands/graph.py",
}  # fmt: skip


def imported(code: str) -> Iterator[str]:
    """The packages of the compiler that a module imports, in whatever form."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.ImportFrom(module=str(module)) if module.startswith("compiler"):
                parts = module.split(".")
                yield from [parts[1]] if len(parts) > 1 else (name.name for name in node.names)
            case ast.Import(names=names):
                yield from (
                    name.name.split(".")[1] for name in names if name.name.startswith("compiler.")
                )


def test_every_form_of_an_import_is_read() -> None:
    code = "import os, compiler.files.folder\nfrom compiler import model\nfrom compiler.kube import yaml"
    assert list(imported(code)) == ["files", "model", "kube"]


def test_few_modules_import_by_a_computed_name() -> None:
    actual = {
        str(path.relative_to(COMPILER))
        for path in COMPILER.rglob("*.py")
        if "import_module(" in path.read_text()
    }
    assert actual == BY_NAME


@pytest.mark.parametrize("package", sorted(LEVEL))
def test_a_package_imports_from_below(package: str) -> None:
    folder = COMPILER / package
    files = folder.rglob("*.py") if folder.is_dir() else [folder.with_suffix(".py")]
    for path in files:
        for module_name in imported(path.read_text()):
            if module_name in LEVEL and module_name != package:
                assert LEVEL[module_name] < LEVEL[package], (
                    f"{path.name} imports compiler.{module_name}"
                )


def test_every_package_has_its_place() -> None:
    actual = {
        path.stem
        for path in COMPILER.iterdir()
        if path.stem not in ("__init__", "__pycache__", "schemas")
    }
    assert actual == LEVEL.keys()
