"""Argo CD's real plugin server (3.5.7), as its sidecar runs it: a clean environment, and user 999
where the tests may choose."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from compiler.delivery.argocd.plugin import plugin
from compiler.kube import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SPEC = ROOT / "platform.yaml"
BIN = ROOT / ".tools" / "bin"
LIBRARIES = sysconfig.get_path("purelib")
COMMIT = "4ad1c0ffee" + 30 * "0"


@dataclass(frozen=True)
class Sidecar:
    """A running plugin server, and the folder that is all it may write to."""

    folder: Path

    @property
    def plugins(self) -> Path:
        """The folder of its socket, which the repository server shares."""
        return self.folder / "plugins"

    def ask(self, directory: Path, *, revision: str = COMMIT, **parameters: str) -> Any:
        """The answer that the repository server would get; raises with its message where it would fail."""
        static_parameters = [{"name": name, "string": value} for name, value in parameters.items()]
        (socket,) = self.plugins.glob("*.sock")
        words = [
            str(BIN / "argocd-cmp-client"), "-socket", str(socket), "-root", str(directory),
            "-directory", str(directory), "-revision", revision, "-parameters", json.dumps(static_parameters),
        ]  # fmt: skip
        answer = subprocess.run(words, capture_output=True, text=True)
        if answer.returncode:
            raise RuntimeError(answer.stderr)
        return json.loads(answer.stdout)


@contextmanager
def running() -> Iterator[Sidecar]:
    """A plugin server, until the end of the block."""
    subprocess.run([str(HERE / "build.sh")], check=True)
    folder = Path(mkdtemp(prefix="cmp-"))  # short: a socket's path is at most 107 characters
    user, python = _user_and_interpreter()
    process = subprocess.Popen(
        [str(folder / "argocd-cmp-server"), "--config-dir-path", str(folder / "config")],
        env=_prepared(folder, user, python),
        user=user,
        extra_groups=[] if os.geteuid() == 0 else None,
        stderr=(folder / "log").open("wb"),
    )
    try:
        _await(folder / "plugins", process)
        yield Sidecar(folder)
    finally:
        # Its first TERM only takes the socket away.
        process.send_signal(signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder)


def _user_and_interpreter() -> tuple[int, str]:
    """User 999, as in the image, where it can run a Python; else the user of the tests."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if os.geteuid() == 0:
        for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
            if _runs(python, 999):
                return 999, python
    return os.geteuid(), sys.executable


def _runs(python: str, user: int) -> bool:
    words = [python, "-c", "import msgspec, click, ruamel.yaml"]
    clean = {"PYTHONPATH": LIBRARIES, "HOME": "/nonexistent"}
    try:
        return subprocess.run(words, user=user, extra_groups=[], env=clean).returncode == 0
    except OSError:
        return False


def _prepared(folder: Path, user: int, python: str) -> dict[str, str]:
    """The sidecar's files, and the whole of its environment."""
    for name in ("config", "plugins", "work", "bin", "package"):
        (folder / name).mkdir()
    shutil.copy(BIN / "argocd-cmp-server", folder / "argocd-cmp-server")
    (folder / "config" / "plugin.yaml").write_text(yaml.dump(plugin()))
    for part in ("compiler", "schemas"):
        shutil.copytree(ROOT / part, folder / "package" / part)
    command = folder / "bin" / "platformc"
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH={folder}/package:{LIBRARIES} exec {python} -m compiler "$@"\n'
    )
    command.chmod(0o755)
    # As in the image, only files below /tmp can be written: here, the plugin server's own two.
    folder.chmod(0o755)
    for name in ("plugins", "work"):
        os.chown(folder / name, user, -1)
    return {
        "PATH": f"{folder}/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "ARGOCD_PLUGINSOCKFILEPATH": str(folder / "plugins"),
        "ARGOCD_CMP_WORKDIR": str(folder / "work"),
    }


def _await(plugins: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while not list(plugins.glob("*.sock")):
        log = (plugins.parent / "log").read_text()
        assert process.poll() is None, log
        assert time.monotonic() < deadline, log
        time.sleep(0.05)
