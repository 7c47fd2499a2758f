"""A result that follows from the same objects is found once."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.model.memo import Memo


def test_a_function_is_called_once_for_the_same_objects() -> None:
    memo, calls = Memo(), list[list[int]]()

    def total(numbers: list[int]) -> int:
        calls.append(numbers)
        return sum(numbers)

    numbers = [1, 2]
    assert [memo(total, numbers), memo(total, numbers)] == [3, 3]
    assert len(calls) == 1
    assert memo(total, [1, 2]) == 3  # another object, though equal
    assert len(calls) == 2


def test_each_of_several_objects_gets_its_result_once() -> None:
    memo, calls = Memo(), list[object]()
    first_object, second = object(), object()
    for _ in range(2):
        pairs = list(memo.each(calls.append, [first_object, second]))
        assert pairs == [(first_object, None), (second, None)]
    assert calls == [first_object, second]
    assert list(memo.each(len, ([0] * size for size in range(100))))[99][1] == 99


def test_functions_do_not_share_results() -> None:
    memo, numbers = Memo(), [1, 2]
    assert memo(max, numbers) == 2
    assert memo(min, numbers) == 1


def test_objects_stay_alive_so_that_none_takes_the_identity_of_another() -> None:
    memo = Memo()
    assert [memo(len, [0] * size) for size in range(100)] == list(range(100))


def test_the_name_of_a_result_counts_by_its_value() -> None:
    memo, subject = Memo(), object()
    assert memo.once(lambda: 1, ("a", 1), subject) == 1
    assert memo.once(lambda: 2, ("a", 1), subject) == 1
    assert memo.once(lambda: 2, ("b", 1), subject) == 2


def test_only_new_arguments_are_computed_together() -> None:
    memo, calls, settings = Memo(), list[list[object]](), object()
    first, second, third = object(), object(), object()

    def places(arguments: Sequence[object]) -> list[int]:
        calls.append(list(arguments))
        return [id(argument) for argument in arguments]

    assert memo.together(places, [first, second], "places", settings) == [id(first), id(second)]
    assert memo.together(places, [third, first], "places", settings) == [id(third), id(first)]
    assert memo.together(places, [first], "places", settings) == [id(first)]
    assert calls == [[first, second], [third]]
    memo.together(places, [first], "places", object())
    assert calls[-1] == [first]
