"""What a compile writes: paths, and what stands in each file.

A file of many documents stays in pieces, which it may share with others: to join them takes as long
as to take its digest, and as much memory again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

Text = str | Sequence[str]  # pieces to be written one after the other
_PIECES = 100  # at a time


class Tree(Mapping[str, str]):
    """Texts by path, joined where they are asked for."""

    def __init__(self, files: Mapping[str, Text]) -> None:
        self._files = files

    def __getitem__(self, path: str) -> str:
        text = self._files[path]
        return text if isinstance(text, str) else "".join(text)

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def within(self, scope: tuple[str, ...]) -> Tree:
        """The part of it below some prefixes of paths."""
        return Tree({path: text for path, text in self._files.items() if path.startswith(scope)})

    def data(self, path: str) -> Iterator[bytes]:
        """What is written to a file, some of it at a time."""
        text = self._files[path]
        if isinstance(text, str):
            yield text.encode()
            return
        for start in range(0, len(text), _PIECES):
            yield "".join(text[start : start + _PIECES]).encode()
