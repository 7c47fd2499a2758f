"""Write a topic or a field for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from compiler.reference import Field, Slot, Topic

_WIDTH = 90


def topic(subject: Topic) -> str:
    """A component or a section, with a line for each of its fields."""
    return "".join(f"{line}\n" for line in _topic(subject))


def components(subjects: Sequence[Topic]) -> str:
    """The component types, each with the first sentence of its summary."""
    width = max(len(subject.name) for subject in subjects)
    lines = [
        f"  {subject.name:<{width}}  {_first_sentence(subject.summary)}" for subject in subjects
    ]
    return "\n".join(
        ["spec.components", "  The systems of the platform: the key is a type, or a name with `type:`.", "",
         "types:", *lines, "", f"one of them in full: platformc explain {subjects[0].name}", ""]
    )  # fmt: skip


def _first_sentence(summary: str) -> str:
    return summary.partition(". ")[0].removesuffix(".")


ENVIRONMENTS = """\
spec.environments
  Partial specs, merged into the base: settings of `spec`, and parts of `components`, `models` and
  `workloads`. `null` removes a key or an instance.

  type:     a map; each value: a map
  example:  environments: {dev: {}, prod: {domain: ml.example.internal}}
"""


def _topic(subject: Topic) -> Iterator[str]:
    yield subject.section
    yield from _indented(subject.summary)
    for title, slots in (("requires", subject.requires), ("provides", subject.provides)):
        if slots:
            yield ""
            yield f"{title}:"
            yield from (f"  {_slot(slot)}" for slot in slots)
    fields = subject.own_fields or subject.common
    yield ""
    yield "fields:"
    yield from _list(fields)
    if subject.own_fields and subject.common:
        yield ""
        yield f"and what most components have: {', '.join(field.key for field in subject.common)}"
    example_field = fields[0]
    front = "" if subject.name == "spec" else f"{subject.name}."
    yield ""
    yield f"one of them in full: platformc explain {front}{example_field.path.removeprefix(front)}"


def _slot(slot: Slot) -> str:
    providers = f", from {', '.join(slot.partners)}" if slot.partners else ""
    return f"{slot.name}: {slot.protocol}{providers}"


def _list(fields: Sequence[Field]) -> Iterator[str]:
    width = max(len(field.key) for field in fields)
    for field in fields:
        mark = " (required)" if field.required else f" [{field.default}]" if field.default else ""
        lines = wrap(f"{field.description}{mark}", _WIDTH - width) or [field.type]
        yield f"  {field.key:<{width}}  {lines[0]}"
        yield from (f"  {'':<{width}}  {line}" for line in lines[1:])


def field(subject: Field) -> str:
    """A field in full."""
    return "".join(f"{line}\n" for line in _field(subject))


def _field(subject: Field) -> Iterator[str]:
    yield subject.path
    yield from _indented(subject.description)
    yield ""
    yield f"  type:     {subject.type}"
    if subject.default:
        yield f"  default:  {subject.default}"
    elif subject.required:
        yield "  required"
    yield f"  example:  {subject.key}: {subject.example}"
    if subject.words:
        first, *further = wrap(", ".join(subject.words), _WIDTH - 10)
        yield f"  such as:  {first}"
        yield from (f"            {line}" for line in further)
    if subject.derived:
        yield f"  derived:  {', '.join(subject.derived)}"
    if subject.since:
        yield f"  since:    {subject.since}"
    if subject.fields:
        yield ""
        yield "fields:"
        yield from _list(subject.fields)


def _indented(text: str) -> Iterator[str]:
    yield from (f"  {line}" for line in wrap(text, _WIDTH))
