"""Puts the scenarios' specs into the wheel, where `platformc init --from` finds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Examples(BuildHookInterface[Any]):
    """Adds each scenario whose spec begins with a sentence as `compiler/examples/NAME.yaml`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        for spec in sorted(Path(self.root, "tests", "scenarios").glob("*/platform.yaml")):
            if spec.read_text(encoding="utf-8").startswith("# "):
                name = f"compiler/examples/{spec.parent.name}.yaml"
                build_data["force_include"][str(spec)] = name
