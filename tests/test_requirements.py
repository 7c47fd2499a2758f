"""The dependencies of a checkout: pinned, each file by its hash, from no place in particular."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from conftest import ROOT

LOCK = (ROOT / "requirements" / "ci.txt").read_text()
PIN = re.compile(
    r"^([a-z0-9-]+)==(\S+)(?: ;[^\\\n]*)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M
)


def _wanted() -> set[str]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"].values()
    lines = [*project["project"]["dependencies"], *(line for group in groups for line in group)]
    names = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines)
    return {re.sub(r"[._-]+", "-", name[0]).lower() for name in names if name}


def test_every_dependency_is_locked_with_hashes() -> None:
    assert _wanted() <= {match[1] for match in PIN.finditer(LOCK)}


def test_the_lock_holds_nothing_but_pins() -> None:
    rest = "\n".join(line for line in PIN.sub("", LOCK).splitlines() if not line.startswith("#"))
    assert rest.strip() == ""
    assert "://" not in LOCK
