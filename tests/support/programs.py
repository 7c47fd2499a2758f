"""Programs that tests run, and a reader of the YAML that they write."""

from __future__ import annotations

import os
import shutil

import yaml

from support.paths import TOOLS


def tool(name: str) -> str:
    """A program that the tests need; its absence is a failure, never a skip."""
    path = shutil.which(name, path=f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
    assert path, f"{name} is missing; `make tools` brings it"
    return path


class Reader(yaml.CSafeLoader):
    """Reads kustomize's output, which leaves `=` and `<<` plain, for which PyYAML has only tags."""


for tag in ("value", "merge"):
    Reader.add_constructor(f"tag:yaml.org,2002:{tag}", lambda reader, node: node.value)
