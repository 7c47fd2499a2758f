"""Run one command of the compiler, and record the sockets, programs and files that it opens.

`python audit_hook.py FOLDER ARGUMENT...` prints JSON. An audit hook of the interpreter records
them, and blocks every socket and program. A hook cannot be removed, so each recording needs a
separate process.
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
LIBRARIES = {os.path.realpath(prefix) for prefix in (sys.prefix, sys.base_prefix, *sys.path[1:])}


def watch(root: str, opened: list[str]) -> Callable[[str, tuple[Any, ...]], None]:
    """A hook that writes down paths that lead out of a folder, and refuses connections off the machine.

    The user's cache is the one other place that is written to.
    """
    watched_root, cache = os.path.realpath(root), os.path.realpath(os.environ["XDG_CACHE_HOME"])
    writable = (watched_root, cache)
    program = (str(PROGRAM / folder) for folder in ("compiler", "schemas", "docs"))
    readable = (*writable, *LIBRARIES, *program)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        _refuse(event, args, opened)
        if event == "open" and isinstance(args[0], (str, bytes)):
            flags = args[2] if isinstance(args[2], int) else 0
            if flags & os.O_DIRECTORY:  # a step on the way to a file
                return
            path = os.path.join(_BASE.pop() if _BASE else "", os.fsdecode(args[0]))
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if not _below(path, writable if writes else readable):
                opened.append(f"{'writes' if writes else 'reads'} {path}")
        elif event in CHANGES:
            path = os.path.join(_folder(_DESCRIPTORS.get(event), args), _path(args[0]))
            if not _below(path, writable):
                opened.append(f"{event} {path}")

    return hook


def _refuse(event: str, args: tuple[Any, ...], opened: list[str]) -> None:
    """Let no program and no socket through."""
    if event == "subprocess.Popen":
        opened.append(f"runs {Path(os.fsdecode(args[0])).name}")
        raise FileNotFoundError(args[0])
    if event == "urllib.Request":
        opened.append(f"asks {args[0]}")
        raise OSError("refused")
    if event == "os.fork":
        # A copy of the compiler runs no program; its work is done, and seen, here.
        raise OSError("refused")
    if event.startswith(FORBIDDEN):
        opened.append(event)
        raise OSError("refused")


def _path(argument: Any) -> str:
    return (
        os.readlink(f"/proc/self/fd/{argument}")
        if isinstance(argument, int)
        else os.fsdecode(argument)
    )


# Where the arguments of an event have the descriptor of the folder that a path begins at.
_DESCRIPTORS = {"os.remove": 1, "os.rmdir": 1, "os.mkdir": 2, "os.rename": 2}
_BASE: list[str] = []  # of the file that is being opened: its event does not have it


def _folder(index: int | None, args: tuple[Any, ...]) -> str:
    descriptor = -1 if index is None else args[index]
    return "" if descriptor == -1 else os.readlink(f"/proc/self/fd/{descriptor}")


def note_folders() -> None:
    """Have `os.open` say at which folder its path begins."""
    real = os.open

    def opened(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if dir_fd is not None and not flags & os.O_DIRECTORY:
            _BASE.append(os.readlink(f"/proc/self/fd/{dir_fd}"))
        return real(path, flags, mode, dir_fd=dir_fd)

    os.open = opened


def _below(path: str | bytes, folders: Iterable[str]) -> bool:
    real = os.path.realpath(os.fsdecode(path))
    return any(real == folder or real.startswith(f"{folder}{os.sep}") for folder in folders)


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

    opened: list[str] = []
    note_folders()
    sys.addaudithook(watch(root, opened))
    if arguments == ["PROBE"]:
        probe(Path(root))
        output, status = "", 0
    else:
        result = CliRunner().invoke(platformc, arguments)
        output, status = result.output, result.exit_code
    sys.stdout.write(json.dumps({"seen": opened, "status": status, "output": output}))


main()
