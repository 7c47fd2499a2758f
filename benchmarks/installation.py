"""Install platformc for the measurements as users install it, with bytecode and compiled templates.

In the checkout, each process compiles the templates again.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def installed(folder: Path) -> Path:
    """Install the checkout into a folder, as the Action does; the path of its command."""
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for requirements in ("run.txt", "build.txt"):
        file = ROOT / "requirements" / requirements
        subprocess.run([*pip, "--require-hashes", "--requirement", str(file)], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", str(ROOT)], check=True)
    return python.with_name("platformc")
