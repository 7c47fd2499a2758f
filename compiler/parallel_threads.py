"""Work of the system's own, two items at a time: digests and files, for which Python lets go of its
lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def together(work: Callable[[T], object], items: Iterable[T]) -> None:
    """Do the work for each item, in no order. What goes wrong first is raised, and ends it."""
    waiting = iter(items)
    failed: list[BaseException] = []

    def some() -> None:
        try:
            for one in waiting:
                if failed:
                    return
                work(one)
        except BaseException as error:  # an interrupt as well: it ends the other thread
            failed.append(error)

    other = Thread(target=some)
    other.start()
    some()
    other.join()
    if failed:
        raise failed[0]
