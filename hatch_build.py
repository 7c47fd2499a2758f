"""Puts into the wheel what a checkout has elsewhere: the scenarios' specs, and compiled templates."""

from __future__ import annotations

import runpy
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from jinja2 import FileSystemLoader


class Additions(BuildHookInterface[Any]):
    """Adds files to the wheel of a build; an editable install reads them from the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":
            build_data["force_include"] |= self._examples() | self._templates()

    def _examples(self) -> dict[str, str]:
        """Each scenario whose spec begins with a sentence, for `platformc init --from`."""
        return {
            str(spec): f"compiler/examples/{spec.parent.name}.yaml"
            for spec in sorted(Path(self.root, "tests", "scenarios").glob("*/platform.yaml"))
            if spec.read_text(encoding="utf-8").startswith("# ")
        }

    def _templates(self) -> dict[str, str]:
        """Each template as Python code: to compile it takes longer than to render it."""
        self.compiled = tempfile.TemporaryDirectory()
        name = compile_templates(Path(self.root, "compiler"), Path(self.compiled.name))
        return {self.compiled.name: f"compiler/kube/{name}"}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self.compiled.cleanup()


def compile_templates(package: Path, folder: Path) -> str:
    """Fill a folder with every template of the package; returns the folder's name in the wheel."""
    # The module alone: its package would need all that the compiler depends on.
    engine = runpy.run_path(str(package / "kube" / "template.py"))
    environment = engine["environment"](FileSystemLoader(package))
    environment.compile_templates(folder, extensions=["j2"], zip=None, ignore_errors=False)
    return str(engine["compiled_folder"]())
