"""Find patterns that can take more than linear time, by their structure alone.

In the worst text, a backtracking matcher follows every path through a pattern's automaton. The number of paths has
a bound for texts of any length, unless there is a state to which two different loops lead back on one text, or
two loops after each other on one text (Weber and Seidl, On the degree of ambiguity of finite automata, 1991).
A search begins anew at each place, which is one more loop, before the pattern.

Bounded repetitions count as a few: they multiply the time by a constant. Assertions count as true, but for one at
the beginning that keeps a search from beginning within a run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from importlib import import_module
from typing import Any, TypeVar

op: Any = import_module("re._constants")
parser: Any = import_module("re._parser")
T = TypeVar("T", bound=Hashable)

COPIES = 3  # of a bounded repetition
SAMPLES = "aZ0_ \n\t-!\xe9\u202e"
CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d", op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S", op.CATEGORY_WORD: r"\w", op.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip
NO_GUARD: Any = (None, None)
SETS = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN)


def growth(pattern: re.Pattern[str], method: str) -> str | None:
    """Why a pattern can take more than linear time with a method of `re`; None if it can't."""
    automaton = Automaton(pattern, method)
    for reason, is_so in (
        ("two loops at one state", automaton.has_two_loops()),
        ("two loops after each other", automaton.has_loops_in_a_row()),
        ("a loop in each place where the search begins", automaton.has_loop_of_search()),
    ):
        if is_so:
            return reason
    return None


class Automaton:
    """The states of a pattern. The automaton reads one character of each class that the pattern tells apart."""

    def __init__(self, pattern: re.Pattern[str], method: str) -> None:
        self.flags, self.searches = pattern.flags, method in ("search", "finditer")
        self.tree = parser.parse(pattern.pattern, pattern.flags)
        beginning = self.tree[0] if len(self.tree) else (None, None)
        self.guard: Any = beginning if beginning[0] in (op.AT, op.ASSERT_NOT) else None
        self.steps: list[list[tuple[Any, int]]] = []  # a set of the pattern, and the next state
        self.free: list[
            list[tuple[bool, int]]
        ] = []  # whether it is an assertion, and the next state
        self.start = self._state()
        end = self._sequence(self.tree, self.start)
        self.alphabet = self._alphabet()
        self.next = [self._next(state) for state in range(len(self.steps))]
        self.accepts = [
            method != "fullmatch" and end in self._closure(state, asserted=False)
            for state in range(len(self.steps))
        ]
        self.loops = self._loops()

    def has_two_loops(self) -> bool:
        return any(self._returns_twice(state) for state in self.loops)

    def _returns_twice(self, state: int) -> bool:
        loop = self.loops[state]

        def after(at: tuple[int, int, bool], char: str) -> Iterator[tuple[int, int, bool]]:
            for left in self.next[at[0]][char] & loop:
                for right in self.next[at[1]][char] & loop:
                    yield left, right, at[2] or left != right

        return self._leads((state, state, False), (state, state, True), after)

    def has_loops_in_a_row(self) -> bool:
        return any(
            self._leads(
                (first, first, second), (first, second, second), self._in_a_row(first, second)
            )
            for first in self.loops
            for second in self.loops
            if first != second
        )

    def _in_a_row(
        self, first: int, second: int
    ) -> Callable[[tuple[int, int, int], str], Iterator[tuple[int, int, int]]]:
        loops = self.loops[first], self.loops[second]

        def after(at: tuple[int, int, int], char: str) -> Iterator[tuple[int, int, int]]:
            for outer in self.next[at[0]][char] & loops[0]:
                for inner in self.next[at[2]][char] & loops[1]:
                    for middle in self.next[at[1]][char]:
                        yield outer, middle, inner

        return after

    def has_loop_of_search(self) -> bool:
        """Whether a search from many places reads the same run, and then fails: where a loop can end the
        match, the search that comes first succeeds.
        """
        if not self.searches:
            return False
        lasts = self.alphabet if self.guard else [""]
        return any(
            self._leads((last, -1, loop), (last, loop, loop), self._from_anywhere(loop))
            for loop in self.loops
            if not self.accepts[loop]
            for last in lasts
        )

    def _from_anywhere(
        self, loop: int
    ) -> Callable[[tuple[str, int, int], str], Iterator[tuple[str, int, int]]]:
        """Steps of a character before, a state of the pattern (-1: it has not begun), and a state of the loop."""

        def after(at: tuple[str, int, int], char: str) -> Iterator[tuple[str, int, int]]:
            before, state, inner = at
            states = frozenset({-1}) if state < 0 else self.next[state][char]
            if state < 0 and self._begins(before, char):
                states |= self.next[self.start][char]
            for next_inner in self.next[inner][char] & self.loops[loop]:
                for next_state in states:
                    yield char if self.guard else "", next_state, next_inner

        return after

    def _begins(self, before: str, char: str) -> bool:
        """Whether the assertion at the beginning lets a match begin between two characters."""
        kind, value = self.guard or NO_GUARD
        if kind is op.AT and value is op.AT_BOUNDARY:
            return _is_word(before) != _is_word(char)
        if kind is op.AT:
            return bool(self.flags & re.M) and before == "\n"
        if kind is op.ASSERT_NOT and value[0] < 0 and len(value[1]) == 1 and value[1][0][0] in SETS:
            return not self._is_in(value[1][0], before)
        return True

    def _leads(self, start: T, goal: T, after: Callable[[T, str], Iterable[T]]) -> bool:
        visited, open_ends = set[T](), [start]
        while open_ends:
            at = open_ends.pop()
            for char in self.alphabet:
                for state in after(at, char):
                    if state == goal:
                        return True
                    if state not in visited:
                        visited.add(state)
                        open_ends.append(state)
        return False

    # The states

    def _state(self) -> int:
        self.steps.append([])
        self.free.append([])
        return len(self.steps) - 1

    def _after(self, start: int) -> int:
        state = self._state()
        self.free[start].append((False, state))
        return state

    def _sequence(self, items: Iterable[Any], start: int) -> int:
        for item in items:
            start = self._item(item, start)
        return start

    def _item(self, item: Any, start: int) -> int:
        kind, value = item
        end = self._state()
        if kind in SETS:
            self.steps[start].append((item, end))
        elif kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
            self.free[start].append((True, end))
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            minimum, maximum, body = value
            self._repeat(minimum, maximum, body, start, end)
        else:
            for branch in _branches(kind, value):
                self.free[self._sequence(branch, self._after(start))].append((False, end))
        return end

    def _repeat(self, minimum: int, maximum: int, body: Any, start: int, end: int) -> None:
        state = start
        for _ in range(min(minimum, COPIES)):
            state = self._sequence(body, self._after(state))
        if maximum is op.MAXREPEAT:
            state = self._after(state)
            self.free[self._sequence(body, self._after(state))].append((False, state))
        else:
            for _ in range(min(maximum - minimum, COPIES)):
                self.free[state].append((False, end))
                state = self._sequence(body, self._after(state))
        self.free[state].append((False, end))

    def _closure(self, state: int, *, asserted: bool) -> frozenset[int]:
        """The states to which no character leads, by way of assertions too or not."""
        visited, open_ends = {state}, [state]
        while open_ends:
            for is_assertion, target in self.free[open_ends.pop()]:
                if target not in visited and (asserted or not is_assertion):
                    visited.add(target)
                    open_ends.append(target)
        return frozenset(visited)

    def _next(self, state: int) -> dict[str, frozenset[int]]:
        steps = [
            step
            for reachable in self._closure(state, asserted=True)
            for step in self.steps[reachable]
        ]
        return {
            char: frozenset(target for item, target in steps if self._is_in(item, char))
            for char in self.alphabet
        }

    def _loops(self) -> dict[int, frozenset[int]]:
        """Each state that leads back to itself, with the states on the ways."""
        reached = {state: self._reached(state) for state in self._reached(self.start)}
        return {
            state: frozenset(target for target in ahead if state in reached[target])
            for state, ahead in reached.items()
            if state in ahead
        }

    def _reached(self, state: int) -> set[int]:
        visited, open_ends = set[int](), [state]
        while open_ends:
            for targets in self.next[open_ends.pop()].values():
                open_ends += targets - visited
                visited |= targets
        return visited

    # The characters

    def _alphabet(self) -> list[str]:
        """One character of each class of those that all sets treat alike."""
        chars = sorted({*SAMPLES, *map(chr, _edges(self.tree))})
        items = [item for steps in self.steps for item, _ in steps]
        classes = {
            (_is_word(char), char == "\n", *(self._is_in(item, char) for item in items)): char
            for char in chars
        }
        return list(classes.values())

    def _is_in(self, item: Any, char: str) -> bool:
        kind, value = item
        codes = {ord(form) for form in self._forms(char)}
        if kind is op.LITERAL:
            return value in codes
        if kind is op.NOT_LITERAL:
            return value not in codes
        if kind is op.ANY:
            return char != "\n" or bool(self.flags & re.S)
        if kind is op.RANGE:
            return any(value[0] <= code <= value[1] for code in codes)
        if kind is op.CATEGORY:
            return re.fullmatch(CATEGORIES[value], char, self.flags & re.A) is not None
        inside = (self._is_in(part, char) for part in value if part[0] is not op.NEGATE)
        return any(inside) != (value[0][0] is op.NEGATE)

    def _forms(self, char: str) -> set[str]:
        forms = {char, char.lower(), char.upper()} if self.flags & re.I else {char}
        return {form for form in forms if len(form) == 1}


def _is_word(char: str) -> bool:
    return re.fullmatch(r"\w", char) is not None


def _branches(kind: Any, value: Any) -> list[Any]:
    """The parts of which one has to match."""
    if kind is op.BRANCH:
        return list(value[1])
    if kind is op.SUBPATTERN:
        return [value[3]]
    if kind is op.ATOMIC_GROUP:
        return [value]
    raise NotImplementedError(f"{kind} in a pattern")


def _edges(items: Any) -> Iterator[int]:
    """The characters at which the sets of a pattern begin and end."""
    for item in items:
        match item:
            case (op.LITERAL | op.NOT_LITERAL, int(code)):
                yield from (code, code + 1)
            case (op.RANGE, (int(low), int(high))):
                yield from (low, high, high + 1)
            case tuple() | list():
                yield from _edges(item)
            case _ if isinstance(item, parser.SubPattern):
                yield from _edges(item)
