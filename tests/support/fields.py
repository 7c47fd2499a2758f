"""Write the table of the reference: `PYTHONPATH=tests python -m support.fields [--all | --check]`.

The release of a known field stays; a new field gets the release that comes next. What is derived from
a field is measured: it is changed to its example in some scenarios, and the objects that change are
listed. This is done for new fields, and with `--all`, which takes two minutes, for every field.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from copy import deepcopy
from functools import lru_cache
from itertools import islice
from typing import Any

import yaml

from compiler import __version__, pipeline
from compiler.diff.compare import compare
from compiler.pipeline import Compilation
from compiler.reference import Field, Topic, topics
from compiler.reference.facts import TABLE, facts
from support.paths import SCENARIOS
from support.scenarios import scenario_names

MOST_SCENARIOS = 4  # scenarios that show a difference: all together would take half an hour
NO_OBJECTS = {
    "Component",
    "Credentials",
    "Login",
    "Prerequisite",
}  # what a diff calls data and logins
Document = dict[str, Any]


def missing() -> set[str]:
    """Fields that are not entered, and entries of fields that are gone."""
    return {field.path for topic in topics().values() for field in flat(topic.fields)} ^ set(
        facts()
    )


def main() -> None:
    if "--check" in sys.argv:
        sys.exit(f"run `make snapshots`: {sorted(missing())}" if missing() else 0)
    specs = sorted(map(spec_of, scenario_names()), key=lambda spec: len(yaml.safe_dump(spec)))
    rows = sorted(
        row(topic, field, specs, remeasure="--all" in sys.argv)
        for topic in topics().values()
        for field in flat(topic.fields)
    )
    TABLE.write_text("".join(rows), encoding="utf-8")


def row(topic: Topic, field: Field, specs: list[Document], *, remeasure: bool) -> str:
    """A line of the table; its content is measured where the field is new, or with `remeasure`."""
    fact = facts().get(field.path)
    kinds: tuple[str, ...] = ()
    if fact is not None and not remeasure:
        kinds = fact.derived
    elif field in topic.own_fields:
        kinds = derived(topic, field, specs)
    return f"{field.path}\t{fact.since if fact else __version__}\t{', '.join(kinds)}\n"


def flat(fields: tuple[Field, ...]) -> Iterator[Field]:
    """Fields and those below them."""
    for field in fields:
        yield field
        yield from flat(field.fields)


def derived(topic: Topic, field: Field, specs: list[Document]) -> tuple[str, ...]:
    """The kinds of the objects that change with a field, in the smallest scenarios that show any."""
    differences = filter(None, (_changed(*trial) for trial in _trials(topic, field, specs)))
    return tuple(sorted(set[str]().union(*islice(differences, MOST_SCENARIOS))))


def _changed(before: Document, after: Document) -> set[str]:
    """The kinds of the objects that differ; none if one of the specs does not compile."""
    old, new = _compiled(yaml.safe_dump(before)), _compiled(yaml.safe_dump(after))
    if old.report.failed or new.report.failed:
        return set()
    return {change.kind for change in compare(old, new) if change.kind[:1].isupper()} - NO_OBJECTS


def _trials(
    topic: Topic, field: Field, specs: list[Document]
) -> Iterator[tuple[Document, Document]]:
    """Scenarios with the field, and the same with its example, or without it where it has that."""
    value = yaml.load(field.example, yaml.CSafeLoader)
    for spec in specs:
        for holder in _holders(topic, spec):
            changed = deepcopy(spec)
            section = _at(changed, holder)
            if section.get(field.key) == value:
                del section[field.key]
            else:
                section[field.key] = value
            yield spec, changed
            break


def _holders(topic: Topic, spec: Document) -> Iterator[tuple[str, ...]]:
    """The paths of the sections of a topic in a spec."""
    if topic.name in ("spec", "metadata"):
        yield (topic.name,)
    elif topic.name in ("workloads", "models"):
        yield from (("spec", topic.name, name) for name in spec["spec"].get(topic.name) or {})
    else:
        for name, section in (spec["spec"].get("components") or {}).items():
            if (section or {}).get("type", name) == topic.name:
                yield ("spec", "components", name)


def _at(document: Document, path: tuple[str, ...]) -> Document:
    for key in path:
        document = document[key]
    return document


def spec_of(name: str) -> Document:
    spec: Document = yaml.load((SCENARIOS / name / "platform.yaml").read_text(), yaml.CSafeLoader)
    spec["spec"]["environments"] = {"prod": {}}  # an override could hide the field
    return spec


@lru_cache(64)
def _compiled(spec: str) -> Compilation:
    return pipeline.compile(spec.encode(), "platform.yaml")


if __name__ == "__main__":
    main()
