"""Find the conflict markers that git leaves in a file that it could not merge."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.document.lines import lines
from compiler.document.span import Span

_MARKER = re.compile(r"(<{7}|>{7})( .*)?")


def conflict_markers(text: str, file: str) -> Iterator[tuple[str, Span]]:
    """Each marker at which a conflict begins or ends, with its position.

    The `=======` between them is no proof, because it may underline a title in a pasted text.
    """
    for number, line in enumerate(lines(text), 1):
        match = _MARKER.fullmatch(line)
        if match:
            yield match[1], Span(file, number, 1, number, len(match[1]) + 1)
