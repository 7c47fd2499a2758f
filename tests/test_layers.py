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


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("compiler"):
            parts = (node.module or "").split(".")
            yield from [parts[1]] if len(parts) > 1 else (name.name for name in node.names)


@pytest.mark.parametrize("package", sorted(LEVEL))
def test_a_package_imports_from_below(package: str) -> None:
    folder = COMPILER / package
    files = folder.rglob("*.py") if folder.is_dir() else [folder.with_suffix(".py")]
    for path in files:
        for module_name in imported(path):
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
