"""Helpers for tests of diagnostics: examples from the pages, and the command line in a folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from compiler import pipeline
from compiler.diagnostics import Diagnostic
from compiler.diagnostics.pages import page
from compiler.pipeline import Compilation
from support.paths import ROOT, TESTS

GOLDENS = TESTS / "diagnostics"
HEADER = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: example}\n"


@dataclass(frozen=True, slots=True)
class Example:
    """One of a page's two examples: a spec, or commands for a spec."""

    language: str
    body: str

    @property
    def spec(self) -> bytes:
        """The spec in full: pages leave out the parts that all of them share."""
        text = HEADER + self.body if self.body.startswith("spec:") else self.body
        return text.encode("latin-1" if "latin-1" in self.language else "utf-8")


def examples(code: str) -> tuple[Example, Example]:
    """The wrong example of a page, and the right one."""
    blocks = re.findall(r"^```(\w[^\n]*)\n(.*?)^```$", page(code), flags=re.M | re.S)
    wrong, right = (Example(*block) for block in blocks)
    return wrong, right


def golden_names() -> list[str]:
    return sorted(path.parent.name for path in GOLDENS.glob("*/platform.yaml"))


@cache
def golden_source(name: str) -> str:
    return (GOLDENS / name / "expected" / "stderr.txt").read_text(encoding="utf-8")


def diagnosed(data: bytes) -> list[Diagnostic]:
    return compiled(data).report.sorted()


def compiled(data: bytes) -> Compilation:
    return pipeline.compile(data, "platform.yaml")


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Commands in a folder, where `platformc` is this checkout's."""
    command = f'platformc() {{ "{sys.executable}" -m compiler "$@"; }}\n{script}'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
