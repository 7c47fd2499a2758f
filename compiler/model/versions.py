"""State known facts about the images of a component, and about steps between two of them.

Every row names its source and the date of the source. A version without a row is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from compiler.spec.image import full_name, split_image

Verdict = Literal["works", "unfit", "gone", "moves"]


class Source(Struct, frozen=True):
    """The source of a fact: a document or a program that was run, and the date."""

    name: str
    date: str


class Tags(Struct, frozen=True):
    """A verdict on some tags of an image: they work, do not fit, are gone, or move."""

    verdict: Verdict
    repository: str  # the end of the image's name
    pattern: str  # the pattern of the whole tag
    reason: str
    source: Source
    help: str = ""

    def match(self, image: str) -> bool:
        repository, tag, _ = split_image(full_name(image))
        named = f"/{repository}".endswith(f"/{self.repository}")
        return named and re.fullmatch(self.pattern, tag) is not None


class Crossing(Struct, frozen=True):
    """The effect of another version on a server's data."""

    risk: Literal["downtime", "data loss"]
    refused: bool  # whether the new server does not start on the data, or damages it
    reason: str  # a sentence with {old} and {new}
    remedy: str = ""


class LongStep(Struct, frozen=True):
    """Upgrades that skip a version which must not be skipped."""

    pattern: str  # the pattern of such steps, like `8.0 to 9.1`
    crossing: Crossing
    source: Source


class Boundary(Struct, frozen=True):
    """A part of an image's tag that decides whether two versions read each other's data."""

    repository: str
    part: str  # a pattern whose groups are the part
    kinds: str  # a pattern for the kinds of the objects that hold or change the data
    up: Crossing | None
    down: Crossing | None
    source: Source
    missing: str = ""  # the part for a tag without a match of the pattern
    long_step: LongStep | None = None
    targets: str = ".*"  # a pattern of the new versions that the boundary concerns

    def crossed(self, old: str, new: str) -> Crossing | None:
        """The effect of a step from one image to another, if it crosses this boundary."""
        parts = [self._part(image) for image in (old, new)]
        if None in parts or parts[0] == parts[1]:
            return None
        crossing = self.up if _ordered(parts[0]) < _ordered(parts[1]) else self.down
        if crossing is None:
            return None
        names = {"old": ".".join(parts[0] or ()), "new": ".".join(parts[1] or ())}
        if not re.fullmatch(self.targets, names["new"]):
            return None
        if self.long_step and re.fullmatch(
            self.long_step.pattern, "{old} to {new}".format(**names)
        ):
            crossing = self.long_step.crossing
        return Crossing(
            crossing.risk,
            crossing.refused,
            crossing.reason.format(**names),
            crossing.remedy.format(**names),
        )

    def _part(self, image: str) -> tuple[str, ...] | None:
        """The part of an image's tag; None for another program.

        A mirror or a build of one's own keeps the last word of the name, and often no other:
        `redis`, `docker.io/redis` and `harbor.example.com/redis` write the same files.
        """
        repository, tag, _ = split_image(image)
        if repository.rpartition("/")[2] != self.repository.rpartition("/")[2]:
            return None
        match = re.search(self.part, tag)
        if match is None:
            return (self.missing,) if self.missing else None
        return tuple(group for group in match.groups() if group is not None)


def _ordered(part: tuple[str, ...] | None) -> tuple[tuple[int, str], ...]:
    """A part of a tag as a sort key: numbers by their value, words by their letters."""
    return tuple((int(word), "") if word.isdecimal() else (0, word) for word in part or ())


class Setting(Struct, frozen=True):
    """A field of a section whose change has an effect on the data."""

    field: str
    before: str  # the pattern of the old value
    after: str  # the pattern of the new value
    crossing: Crossing
    source: Source

    def crossed(self, before: str, after: str) -> bool:
        return bool(re.fullmatch(self.before, before) and re.fullmatch(self.after, after))


class Versions(Struct, frozen=True):
    """All facts of a component's folder about its images."""

    tags: tuple[Tags, ...] = ()
    boundaries: tuple[Boundary, ...] = ()
    settings: tuple[Setting, ...] = ()

    def verdict(self, image: str, *verdicts: Verdict) -> Tags | None:
        """The first row about an image that has one of these verdicts."""
        rows = (row for row in self.tags if row.verdict in verdicts)
        return next((row for row in rows if row.match(image)), None)

    def crossings(self, kind: str, old: str, new: str) -> Iterator[Crossing]:
        """The effects of a step between two images on objects of a kind."""
        for boundary in self.boundaries:
            crossing = boundary.crossed(old, new)
            if crossing is not None and re.fullmatch(boundary.kinds, kind):
                yield crossing


class OldestKubernetes(Struct, frozen=True):
    """The oldest Kubernetes 1.x that a component's pinned release supports; 0: any."""

    minor: int = 0
    source: str = ""
