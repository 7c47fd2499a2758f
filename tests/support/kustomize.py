"""Trees on disk, and kustomize's own build of a folder."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from support.programs import Reader, tool

Objects = dict[tuple[str, str, str, str], dict[str, Any]]


def write(tree: Mapping[str, str], folder: Path) -> None:
    for path, text in tree.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, newline="")


def by_id(objects: list[dict[str, Any]]) -> Objects:
    ids = [
        (o["apiVersion"], o["kind"], o["metadata"].get("namespace", ""), o["metadata"]["name"])
        for o in objects
    ]
    assert len(set(ids)) == len(ids), "an object stands twice"
    return dict(zip(ids, objects, strict=True))


def build(folder: Path) -> Objects:
    process = subprocess.run(
        [tool("kustomize"), "build", str(folder)], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    assert not process.stderr, process.stderr
    return by_id(list(yaml.load_all(process.stdout, Loader=Reader)))
