"""Memory and processor time of a node and of all that runs on it, from its control groups."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event, Thread

INTERVAL = 2.0  # seconds between two readings of the memory


class Usage:
    """Reads the memory in the background until `stop`."""

    def __init__(self, groups: Path) -> None:
        """`groups` lists the folders of the node's control groups, /sys/fs/cgroup/HIERARCHY/..., one a line."""
        folders = {Path(line).parts[4]: Path(line) for line in groups.read_text().splitlines()}
        self._memory, self._processor = folders["memory"], folders["cpuacct"]
        self._begin, self._peak, self._end = time.monotonic(), 0, Event()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._end.wait(INTERVAL):
            self._peak = max(self._peak, working_set(self._memory))

    def stop(self) -> str:
        """End the readings; the usage since the beginning."""
        self._end.set()
        self._reader.join()
        seconds = int((self._processor / "cpuacct.usage").read_text()) / 1e9
        return (
            f"{time.monotonic() - self._begin:.0f} s, {seconds:.0f} s of processor time, "
            f"{self._peak / 2**30:.1f} GiB of memory"
        )


def working_set(group: Path) -> int:
    """The bytes that a group needs, as the kubelet counts: without files that the kernel may drop from memory."""
    lines = (group / "memory.stat").read_text().splitlines()
    inactive = next(
        int(line.split()[1]) for line in lines if line.startswith("total_inactive_file ")
    )
    return int((group / "memory.usage_in_bytes").read_text()) - inactive
