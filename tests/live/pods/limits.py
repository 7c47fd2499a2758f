"""A container's memory limit: a control group, in which the kernel kills processes that exceed it.

Of the kernel's two interfaces (admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst) a machine has one.
"""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
FIRST = GROUPS / "memory"


def entering(folder: Path, bytes: int) -> list[str]:
    """The commands of a shell that limit it, with all that it becomes.

    Where no group can be made the container runs without its limit, and its log says so; a test that needs
    the limit fails.
    """
    group = shlex.quote(str(_group(folder)))
    limit = "memory.limit_in_bytes" if FIRST.is_dir() else "memory.max"
    script = f"mkdir -p {group} && echo {bytes} >{group}/{limit} && echo $$ >{group}/cgroup.procs"
    return [f"{{ {script}; }} || echo no memory limit: no control group >&2"]


def kills(folder: Path) -> int:
    """How often the kernel has killed there for want of memory."""
    events_file = _group(folder) / ("memory.oom_control" if FIRST.is_dir() else "memory.events")
    return int(dict(line.split() for line in events_file.read_text().splitlines())["oom_kill"])


def forget(folder: Path) -> None:
    """A group without processes; one that still has some stays until they end."""
    try:
        _group(folder).rmdir()
    except OSError:
        return


def _group(folder: Path) -> Path:
    """The group of the container with this folder."""
    title = "-".join(folder.parts[1:])
    if FIRST.is_dir():
        return _group_of_tests() / title
    with suppress(OSError):
        (GROUPS / "cgroup.subtree_control").write_text("+memory")
    return GROUPS / title


def _group_of_tests() -> Path:
    """The group of these tests; its limit holds for all their processes."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "memory" and os.path.isdir(f"{FIRST}{path}"):
            return Path(f"{FIRST}{path}")
    return FIRST
