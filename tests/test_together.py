"""What two threads do together: all of it, or what went wrong."""

from __future__ import annotations

import threading

import pytest

from compiler.parallel_threads import together


def test_every_item_is_done_once() -> None:
    done: list[int] = []
    together(done.append, range(1000))
    assert sorted(done) == list(range(1000))


def test_two_threads_work() -> None:
    both = threading.Barrier(2, timeout=10)
    together(lambda _: both.wait(), range(2))


@pytest.mark.parametrize("problem", [OSError, KeyboardInterrupt])
def test_what_goes_wrong_is_raised_and_ends_it(problem: type[BaseException]) -> None:
    done: list[int] = []

    def work(item: int) -> None:
        if item == 3:
            raise problem
        done.append(item)

    with pytest.raises(problem):
        together(work, iter(range(10**9)))
    assert threading.active_count() == 1
