"""Hold the output of a compile: paths and file contents.

A file of many documents stays in pieces, which files may share. Joining the pieces would take as
long as hashing them, and the same memory again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

Text = str | Sequence[str]  # pieces are written one after the other
_PIECES = 100  # joined per write


class Tree(Mapping[str, str]):
    """Texts by path, joined on access."""

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
        """The part of the tree below some path prefixes."""
        return Tree({path: text for path, text in self._files.items() if path.startswith(scope)})

    def data(self, path: str) -> Iterator[bytes]:
        """The contents of a file, in several chunks."""
        text = self._files[path]
        if isinstance(text, str):
            yield text.encode()
            return
        for start in range(0, len(text), _PIECES):
            yield "".join(text[start : start + _PIECES]).encode()
