"""Run platformc in this process, as a shell would, or in a shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from compiler.cli import platformc
from support.paths import ROOT


def run(*words: object, input: str | None = None, **variables: str) -> Result:
    """The result of a command: its words, its standard input, and its variables besides the environment."""
    return CliRunner(env=variables).invoke(platformc, [str(word) for word in words], input=input)


def run_script(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Commands in a folder, where `platformc` is this checkout's."""
    command = f'platformc() {{ "{sys.executable}" -m compiler "$@"; }}\n{script}'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
