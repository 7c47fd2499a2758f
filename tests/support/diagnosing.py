"""Compile texts, and list their diagnostics."""

from __future__ import annotations

from compiler import pipeline
from compiler.diagnostics import Diagnostic
from compiler.pipeline import Compilation

HEADER = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: example}\n"


def diagnosed(data: bytes) -> list[Diagnostic]:
    return compiled(data).report.sorted()


def compiled(data: bytes) -> Compilation:
    return pipeline.compile(data, "platform.yaml")
