"""Runs one command of the compiler and tells what it reached for: sockets, programs, files.

`python audit_hook.py FOLDER ARGUMENT...` prints JSON. An audit hook of the interpreter sees them, whoever
asks, and lets no socket and no program through. It cannot be taken off again, so each look is a
process of its own.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

FORBIDDEN = ("socket.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "http.client.",
             "ftplib.", "smtplib.", "pty.", "webbrowser.", "ctypes.dlopen", "pickle.find_class")  # fmt: skip
CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.chmod",
           "os.chown", "os.truncate", "shutil.rmtree", "shutil.move")  # fmt: skip
PROGRAM = Path(__file__).parents[2]  # the compiler, its schemas and the tests
LIBRARIES = {os.path.realpath(one) for one in (sys.prefix, sys.base_prefix, *sys.path[1:])}


def watch(root: str, seen: list[str]) -> Callable[[str, tuple[Any, ...]], None]:
    """A hook that writes down what leads out of a folder, and refuses what leads off the machine."""
    here = os.path.realpath(root)
    readable = (here, *LIBRARIES, *(str(PROGRAM / one) for one in ("compiler", "schemas", "docs")))

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            seen.append(f"runs {Path(os.fsdecode(args[0])).name}")
            raise FileNotFoundError(args[0])
        if event == "urllib.Request":
            seen.append(f"asks {args[0]}")
            raise OSError("refused")
        if event == "os.fork":
            # A copy of the compiler runs no program; what it would do is done, and seen, here.
            raise OSError("refused")
        if event.startswith(FORBIDDEN):
            seen.append(event)
            raise OSError("refused")
        if event == "open" and isinstance(args[0], (str, bytes)):
            flags = args[2] if isinstance(args[2], int) else 0
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if not _below(args[0], (here,) if writes else readable):
                seen.append(f"{'writes' if writes else 'reads'} {os.fsdecode(args[0])}")
        elif event in CHANGES and not _below(args[0], (here,)):
            seen.append(f"{event} {os.fsdecode(args[0])}")

    return hook


def _below(path: str | bytes, folders: Iterable[str]) -> bool:
    real = os.path.realpath(os.fsdecode(path))
    return any(real == one or real.startswith(f"{one}{os.sep}") for one in folders)


def probe(root: Path) -> None:
    """Does all that a command must not, each time as far as the hook lets it."""
    import socket
    import subprocess
    from urllib.request import urlopen

    attempts: tuple[Callable[[], object], ...] = (
        lambda: socket.socket().close(),
        lambda: os.system("true"),
        lambda: subprocess.run(["/bin/true"], check=False),
        lambda: urlopen("http://127.0.0.1:9/"),
        lambda: (root.parent / "outside").write_text("x"),
        lambda: (root.parent / "outside").read_text(),
    )
    for attempt in attempts:
        try:
            attempt()
        except OSError:
            continue


def main() -> None:
    root, *arguments = sys.argv[1:]
    from click.testing import CliRunner  # importing is not compiling

    from compiler.cli import platformc

    seen: list[str] = []
    sys.addaudithook(watch(root, seen))
    if arguments == ["PROBE"]:
        probe(Path(root))
        output, status = "", 0
    else:
        result = CliRunner().invoke(platformc, arguments)
        output, status = result.output, result.exit_code
    sys.stdout.write(json.dumps({"seen": seen, "status": status, "output": output}))


main()
