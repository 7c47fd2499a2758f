"""Find the lines of the spec that cause a change, by compiling specs with only some of the changes.

For each section that differs, the old spec is compiled with the new version of that section. Sections
that do not compile alone are tried in pairs: a new component that replaces an old one compiles only if the
old one is removed. The causes of a change are the sections that produce exactly the new object; if there
are none, all sections that change the object and without which the new object would differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, islice

from compiler.diff import Cause, Change
from compiler.diff.trial import Group, Outcome, Subject, Trial, subject_of
from compiler.document import Node, Path
from compiler.lower import dotted
from compiler.model.sameness import same
from compiler.pipeline import Compilation
from compiler.spec.root import SECTIONS

_MOST_SECTIONS = 40  # the maximum of sections to try; beyond it, a change is attributed by name
_MOST_PAIRS = 80
_MOST_LINES = 4  # the maximum of lines for one change
_MODELS = ("spec", "models")


class Attribution:
    """The sections that differ between two specs of one environment, with the changes of each."""

    def __init__(self, before: Compilation, after: Compilation, environment: str) -> None:
        self._environment = environment
        self._old = before.platforms.get(environment)
        self._new = after.platforms.get(environment)
        self._sections: tuple[Path, ...] = ()
        self._trial: Trial | None = None
        self._outcomes: dict[Group, Outcome] = {}
        if self._old is None or self._new is None:
            return
        self._models = before.lowered[environment].models.keys() | set(
            after.lowered[environment].models
        )
        self._sections = tuple(dict.fromkeys(_sections(self._old.document, self._new.document)))
        if 1 < len(self._sections) <= _MOST_SECTIONS:
            self._trial = Trial(before, after, environment)
            self._outcomes = dict(_outcomes_of(self._trial, self._sections))

    def of(self, change: Change) -> tuple[Cause, ...]:
        """The first few lines that a change comes from."""
        if self._old is None or self._new is None:
            return (self._whole_environment(),)
        lines = (
            Cause(dotted(path), _line(self._old.document, self._new.document, path))
            for section in self._sections_of(change)
            for path in _leaves(self._old.document, self._new.document, section)
        )
        return tuple(islice(lines, _MOST_LINES))

    def _whole_environment(self) -> Cause:
        platform = self._new or self._old
        assert platform is not None
        span = platform.span or platform.document.span
        return Cause(f"spec.environments.{self._environment}", f"{span.file}:{span.line}")

    def _sections_of(self, change: Change) -> list[Path]:
        """The changed sections that cause a change, by the results of the compiled trials."""
        if self._trial is None:
            return self._sections_by_name(change)
        subject = subject_of(change)
        expected = self._trial.expected[subject]
        results = [
            (group, outcome[subject])
            for group, outcome in self._outcomes.items()
            if subject in outcome
        ]
        groups = [group for group, _ in results]
        exact = [group for group, result in results if result == expected]
        if exact:
            smallest = min(map(len, exact))
            groups = [group for group in exact if len(group) == smallest]
            return self._in_order(*(self._effective(group, subject) for group in groups))
        untried = set(self._sections).difference(*self._outcomes)
        suspects = untried.union(*(self._effective(group, subject) for group in groups))
        suspects = suspects or set(self._sections)
        return self._in_order(
            [section for section in suspects if self._is_needed(section, subject)] or suspects
        )

    def _effective(self, group: Group, subject: Subject) -> list[Path]:
        """The sections of a group that change the subject when they are tried alone.

        The other sections only let these compile, such as the removal of a removed component's users.
        """
        outcomes = {section: self._outcomes.get((section,)) for section in group}
        return [
            section
            for section, outcome in outcomes.items()
            if outcome is None or subject in outcome
        ]

    def _is_needed(self, section: Path, subject: Subject) -> bool:
        """Whether the new spec without this section produces another result for the subject."""
        assert self._trial is not None
        outcome = self._trial.without(section)
        return (
            outcome is None
            or subject not in outcome
            or outcome[subject] != self._trial.expected[subject]
        )

    def _sections_by_name(self, change: Change) -> list[Path]:
        """The section of the change's component; without such a section, all that may cause the change."""
        named = [section for section in self._sections if section[-1] == change.component]
        if named and len(self._sections) > 1:
            return named
        # A model's objects do not come from another model's section.
        shared = [section for section in self._sections if section[:2] != _MODELS]
        return (shared if change.component in self._models else []) or list(self._sections)

    def _in_order(self, *groups: Iterable[Path]) -> list[Path]:
        return [section for section in self._sections if any(section in group for group in groups)]


def _outcomes_of(trial: Trial, sections: Group) -> Iterator[tuple[Group, Outcome]]:
    """The outcome of each section; if a section does not compile alone, of pairs with it."""
    outcomes = {section: trial.of((section,)) for section in sections}
    yield from (
        ((section,), outcome) for section, outcome in outcomes.items() if outcome is not None
    )
    stuck = {section for section, outcome in outcomes.items() if outcome is None}
    paired: set[Path] = set()
    pairs = (pair for pair in combinations(sections, 2) if stuck.intersection(pair))
    for pair in islice(pairs, _MOST_PAIRS):
        outcome = trial.of(pair)
        if outcome is not None:
            paired.update(pair)
            yield pair, outcome
    rest = tuple(section for section in sections if section in stuck - paired)
    if len(rest) > 2 and (outcome := trial.of(rest)) is not None:
        yield rest, outcome


def _line(before: Node, after: Node, path: Path) -> str:
    """The position of a path in the new spec, or in the old spec if only that has the path."""
    span = (after if _at(after, path) else before).value_span(path)
    return f"{span.file}:{span.line}"


def _sections(before: Node, after: Node) -> Iterator[Path]:
    """The parts of the spec that differ: an instance, a setting."""
    for path in _leaves(before, after, ()):
        depth = 3 if path[:1] == ("spec",) and path[1:2] and path[1] in SECTIONS else 2
        yield path[:depth]


def _leaves(before: Node, after: Node, path: Path) -> Iterator[Path]:
    """The longest paths below `path` at which two documents differ."""
    old, new = _at(before, path), _at(after, path)
    if old is new or (old and new and same(old.plain(), new.plain())):
        return
    keys = {key for node in (old, new) if node for key, _ in node.entries()}
    maps = all(node is None or isinstance(node.value, dict) for node in (old, new))
    # A section that only one spec has is split into its instances; an instance stays whole.
    if keys and maps and ((old and new) or len(path) <= 2):
        for key in sorted(keys):
            yield from _leaves(before, after, (*path, key))
        return
    yield path


def _at(node: Node, path: Path) -> Node | None:
    current: Node | None = node
    for key in path:
        current = current.child(key) if current else None
    return current
