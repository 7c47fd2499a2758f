"""The examples that `init --from` starts from: specs that the tests compile, with a sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def examples() -> Mapping[str, Path]:
    """Each example's name and spec: of the installed package, or of the checkout's scenarios."""
    installed = sorted((_PACKAGE / "examples").glob("*.yaml"))
    if installed:
        return {spec.stem: spec for spec in installed}
    specs = sorted((_PACKAGE.parent / "tests" / "scenarios").glob("*/platform.yaml"))
    return {spec.parent.name: spec for spec in specs if sentence(spec)}


def sentence(spec: Path) -> str:
    """The comment at the top of an example, which says what it shows; empty where there is none."""
    with spec.open(encoding="utf-8") as lines:
        first = lines.readline()
    return first.lstrip("# ").rstrip() if first.startswith("#") else ""
