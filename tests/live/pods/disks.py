"""Volumes that end where their claim or emptyDir says: a file system in memory stands for each.

A kubelet evicts a pod with an emptyDir that is larger than its `sizeLimit`; here the program that writes
the byte too many gets ENOSPC. Files in memory count towards the memory limit of its writer.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from compiler.spec import quantity


class Disks:
    """The volumes of a node that have an end."""

    def __init__(self) -> None:
        self.instances: frozenset[str] = frozenset()  # with emptyDirs that end too
        self.folders: list[Path] = []

    def empty_dir(self, instance: str, folder: Path, size: str | None) -> None:
        """Give an emptyDir its end, where it has one, and its pod is of an instance with such disks."""
        if instance in self.instances and size and not folder.is_mount():
            self.mount(folder, size)

    def mount(self, folder: Path, size: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        options = f"size={quantity.in_bytes(size)},mode=0777"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
        self.folders.append(folder)

    def unmount(self) -> None:
        while self.folders:
            subprocess.run(["umount", "--lazy", self.folders.pop()], check=True)
