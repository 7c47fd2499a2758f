"""Disks of the size that a volume claim asks for: a file system in memory stands for each."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from live.pods.node import Node
from live.pods.objects import Manifest


@contextmanager
def limited(node: Node, manifests: Iterable[Manifest]) -> Iterator[None]:
    """While this lasts, the first pod of each StatefulSet has disks as large as it asks for."""
    folders: list[Path] = []
    for manifest in manifests:
        if manifest["kind"] != "StatefulSet":
            continue
        metadata = manifest["metadata"]
        for claim in manifest["spec"].get("volumeClaimTemplates", ()):
            name = f"{claim['metadata']['name']}-{metadata['name']}-0"
            folder = node.place / "claims" / metadata["namespace"] / name
            _mount(folder, claim["spec"]["resources"]["requests"]["storage"])
            folders.append(folder)
    try:
        yield
    finally:
        for folder in folders:
            subprocess.run(["umount", "--lazy", folder], check=True)


def _mount(folder: Path, size: str) -> None:
    folder.mkdir(parents=True)
    options = f"size={size.removesuffix('i')},mode=0777"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
