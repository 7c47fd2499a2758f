"""Images, and their replacements on this machine. The table is data, in images.yaml."""

from __future__ import annotations

import fnmatch
import os
from dataclasses import dataclass, field
from functools import cache
from glob import glob
from pathlib import Path
from typing import Any

import yaml

from live.pods.objects import ConfigError

HERE = Path(__file__).parent
HOME = Path(os.environ.get("PLATFORMC_LIVE", Path.home() / ".cache" / "platformc-live"))
SYSTEM = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
BUSYBOX = "/opt/busybox"  # where a container of an image of Alpine has the tools
# Tools of Debian's base that an image with coreutils alone lacks, such as Red Hat's ubi-micro.
BEYOND_COREUTILS = (
    "awk", "cmp", "curl", "diff", "egrep", "fgrep", "find", "gawk", "grep", "gunzip", "gzip", "mawk", "openssl",
    "perl", "ps", "python3", "sed", "tar", "wget", "which", "xargs",
)  # fmt: skip


@dataclass(frozen=True)
class Image:
    """An entry point as the image has it, and where its programs are here."""

    matches: tuple[str, ...]
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    programs: dict[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    users: tuple[str, ...] = ()  # lines of its /etc/passwd
    tools: str = ""  # the tools of its shell's scripts: `busybox`, `coreutils` alone, or Debian's

    def search_path(self) -> str:
        busybox = (BUSYBOX,) if self.tools == "busybox" else ()
        return ":".join((*self.path, *busybox, *SYSTEM))


def image(name: str) -> Image:
    for row in _table():
        if any(fnmatch.fnmatch(name, pattern) for pattern in row.matches):
            return row
    raise ConfigError(f"ErrImagePull: images.yaml has nothing for {name}")


@cache
def _table() -> tuple[Image, ...]:
    return tuple(_image(row) for row in yaml.safe_load((HERE / "images.yaml").read_text()))


def _image(entry: dict[str, Any]) -> Image:
    return Image(
        matches=tuple(entry["images"]),
        entrypoint=tuple(entry.get("entrypoint", ())),
        command=tuple(entry.get("command", ())),
        programs={name: _place(path) for name, path in entry.get("programs", {}).items()},
        path=tuple(_place(path) for path in entry.get("path", ())),
        users=tuple(entry.get("users", ())),
        tools=entry.get("tools", ""),
    )


def _place(path: str) -> str:
    """A path of the table on this machine; where Debian has a version in it, the newest."""
    full = path.format(live=HOME, here=HERE)
    return max(glob(full), default=full)
