"""Parse the YAML and JSON of files that are not a spec: locks, Secrets, releases, answers of servers.

A checkout, a store or a server may have any text in them. Merge keys and aliases make a value of
gigabytes from a text of some hundred bytes, and a deep value exceeds Python's stack. So a text is judged
by libyaml's events before a value is made of it. platformc writes no aliases; other programs
write a few, for a value that they use twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

MOST_VALUES = 1_000_000  # some five times the size of the largest release; each takes 600 bytes
MOST_LEVELS = 100  # the schemas of the largest release have some 40
_TEXT_TAGS = (None, "!", "tag:yaml.org,2002:str")


class FileContentError(ValueError):
    """A text that platformc does not read; the message continues a sentence that begins with its name."""


def documents(data: bytes | str, *, aliases: bool = False) -> list[Any]:
    """Every document of a YAML stream. Raises FileContentError."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _judge(yaml.parse(data, Loader=loader), aliases=aliases)
        return list(yaml.load_all(data, Loader=loader))  # both loaders are safe
    except FileContentError:
        raise
    except (yaml.YAMLError, ValueError) as error:  # such as a date in month 13
        raise FileContentError("is not YAML") from error


def document(data: bytes | str) -> Any:
    """The only document of a YAML text without aliases; None if it is empty. Raises FileContentError."""
    parsed = documents(data)
    if len(parsed) > 1:
        raise FileContentError("holds several documents of YAML")
    return parsed[0] if parsed else None


def json_value(data: bytes | str) -> Any:
    """The value of a JSON text. Raises FileContentError."""
    try:
        value = json.loads(data)
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise FileContentError("is not JSON") from error
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [inner for outer in level for inner in _children(outer)]
        if not level:
            return value
    raise _too_deep()


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _judge(events: Iterable[Any], *, aliases: bool) -> None:
    """Refuse too many values, too deep ones, and the features of YAML that no file needs."""
    import yaml

    counter = _Counter()
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            counter.sizes.clear()
        elif isinstance(event, yaml.CollectionEndEvent):
            counter.end()
        elif isinstance(event, yaml.NodeEvent):
            _judge_features(event, aliases=aliases)
            counter.add(event)


class _Counter:
    """Counts the values of a stream; an alias counts as all values that it repeats."""

    def __init__(self) -> None:
        self.count = 0
        self.sizes = dict[str, int]()  # by anchor
        self.open_nodes: list[tuple[str | None, int]] = []  # the anchor, and the count before it

    def add(self, event: Any) -> None:
        import yaml

        before = self.count
        self.count += self._size(event)
        if isinstance(event, yaml.CollectionStartEvent):
            self.open_nodes.append((event.anchor, before))
        if self.count > MOST_VALUES:
            raise FileContentError(f"holds more than {MOST_VALUES} values")
        if len(self.open_nodes) > MOST_LEVELS:
            raise _too_deep()

    def _size(self, event: Any) -> int:
        import yaml

        anchor = event.anchor
        if isinstance(event, yaml.AliasEvent):
            if anchor not in self.sizes:
                raise FileContentError(f"holds the alias `*{anchor}` before the end of its value")
            return self.sizes[anchor]
        if isinstance(event, yaml.ScalarEvent) and anchor:
            self.sizes[anchor] = 1
        elif anchor:
            self.sizes.pop(anchor, None)
        return 1

    def end(self) -> None:
        """End a list or a map: from here, an alias may repeat it."""
        anchor, before = self.open_nodes.pop()
        if anchor:
            self.sizes[anchor] = self.count - before


def _judge_features(event: Any, *, aliases: bool) -> None:
    """Refuse the features of YAML that no file needs."""
    import yaml

    if event.anchor and not aliases:
        raise FileContentError("holds an anchor or an alias of YAML")
    if isinstance(event, yaml.AliasEvent):
        return
    if isinstance(event, yaml.ScalarEvent):
        if event.value == "<<" and event.implicit[0]:
            raise FileContentError("holds the merge key `<<` of YAML")
        if event.tag not in _TEXT_TAGS:
            raise FileContentError("holds a tag of YAML")
    elif not event.implicit:
        raise FileContentError("holds a tag of YAML")


def _too_deep() -> FileContentError:
    return FileContentError(f"is nested deeper than {MOST_LEVELS} levels")
