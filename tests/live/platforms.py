"""Platforms for live tests: a spec on disk, compiled by the command as a person would."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
HEAD = """apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: live}
spec:
  domain: ml.example.internal
  namespace: mlops
  secrets: {provider: local}
  rendered: true
"""


def platformc(*arguments: str, directory: Path) -> str:
    process = subprocess.run(
        [sys.executable, "-m", "compiler", *arguments],
        capture_output=True, text=True, timeout=120, cwd=directory,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert process.returncode == 0, (
        f"platformc {' '.join(arguments)}\n{process.stdout}{process.stderr}"
    )
    return process.stdout


@dataclass
class Platform:
    """A folder with a `platform.yaml`, its compiled output and its Secrets."""

    directory: Path
    environment: str = "default"

    def write(self, spec: str) -> Platform:
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "platform.yaml").write_text(HEAD + spec)
        return self

    def compile(self) -> list[Manifest]:
        """The objects of the environment with the Secrets that they name."""
        platformc("compile", directory=self.directory)
        self.generate()
        return [*self.secrets(), *self.manifests()]

    def generate(self) -> None:
        platformc("secrets", "generate", self.environment, directory=self.directory)

    def rotation(self, *names: str) -> str:
        """The plan by which some Secrets become others."""
        return platformc("secrets", "rotate", self.environment, *names, directory=self.directory)

    def manifests(self) -> list[Manifest]:
        return read(self.directory / "out" / self.environment)

    def secrets(self) -> list[Manifest]:
        folder = self.directory / "secrets" / self.environment
        return [manifest for manifest in read(folder) if manifest["kind"] == "Secret"]


def read(folder: Path) -> list[Manifest]:
    """Every object of a folder, as a YAML 1.1 reader such as kubectl's sees it."""
    return [
        manifest
        for path in sorted(folder.glob("*.yaml"))
        for manifest in yaml.safe_load_all(path.read_text())
        if manifest
    ]
