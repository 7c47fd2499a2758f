"""Runs one command and prints its time and memory: a process so small that its own memory doesn't count.

The system counts a child's peak from the fork, when it still has its parent's pages, so a large
parent would be taken for its child. Run as a file, without the site module.
"""

from __future__ import annotations

import os
import sys
import time


def main(command: list[str]) -> None:
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    print(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(sys.argv[1:])
