"""Find the examples for `init --from`: specs that the tests compile, each with a sentence about it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from compiler.files import is_packaged, packaged, packaged_names

_PACKAGE = Path(__file__).parent.parent


def examples() -> Mapping[str, Path]:
    """Each example's name and spec, from the installed package or the checkout's scenarios."""
    folder = _PACKAGE / "examples"
    installed = [name for name in packaged_names(folder) if name.endswith(".yaml")]
    if installed:
        return {name.removesuffix(".yaml"): folder / name for name in installed}
    scenarios = _PACKAGE.parent / "tests" / "scenarios"
    specs = {name: scenarios / name / "platform.yaml" for name in packaged_names(scenarios)}
    return {name: spec for name, spec in specs.items() if is_packaged(spec) and sentence(spec)}


def sentence(spec: Path) -> str:
    """The comment at the top of an example, which describes it; empty if there is none."""
    comment = packaged(spec).decode().split("\n", 1)[0]
    return comment.lstrip("# ").rstrip() if comment.startswith("#") else ""
