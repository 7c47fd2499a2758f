"""Network namespaces: kept by a sleeping process, entered by a thread or by a command."""

from __future__ import annotations

import ctypes
import os
import subprocess
import time

NEW_NETWORK = 0x40000000  # CLONE_NEWNET of linux/sched.h
SELF_NAMESPACE = "/proc/self/ns/net"


class Netns:
    """A network namespace that lives as long as its keeper."""

    def __init__(self) -> None:
        command = ["unshare", "--net", "sleep", "infinity"]
        self.keeper = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        host_namespace = os.readlink(SELF_NAMESPACE)
        deadline = time.monotonic() + 10
        while self._link() in ("", host_namespace):
            assert time.monotonic() < deadline, "no network namespace within 10 s"
            time.sleep(0.01)

    def _link(self) -> str:
        try:
            return os.readlink(f"/proc/{self.pid}/ns/net")
        except OSError:
            return ""

    @property
    def pid(self) -> int:
        return self.keeper.pid

    def enter(self) -> None:
        """Move this thread: sockets that it opens, and processes it starts, are in here."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/proc/{self.pid}/ns/net") as handle:
            if libc.setns(handle.fileno(), NEW_NETWORK):
                raise OSError(ctypes.get_errno(), "setns")

    def command(self) -> list[str]:
        """The start of a command line that runs in here."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net"]

    def run(self, script: str) -> None:
        process = subprocess.run(
            [*self.command(), "sh", "-ec", script], capture_output=True, text=True, timeout=30
        )
        assert process.returncode == 0, f"{script}\n{process.stderr}"

    def close(self) -> None:
        self.keeper.kill()
        self.keeper.wait()
