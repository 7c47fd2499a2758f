"""Stop a delivery that would lose data, until a person accepts the loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.delivery.steps import Step
from compiler.diff import Change
from compiler.diff.wording import verdict
from compiler.model.effects import Risk
from compiler.text import shell_stop

_VARIABLE = "DATA_LOSS"


def stop(changes: Iterable[Change]) -> Iterator[Step]:
    """The first step of a delivery: a command that ends the script with the losses, unless they are accepted."""
    titles: dict[str, list[str]] = {}
    for change in changes:
        if change.risk == Risk.DATA_LOSS:
            titles.setdefault(reason(change), []).append(change.title)
    if titles:
        losses = ". ".join(f"{', '.join(alike)}: {text}" for text, alike in titles.items())
        task = f"{losses}. To accept this, run the plan again with {_VARIABLE}=accepted"
        yield Step("this delivery would lose data", (shell_stop(_VARIABLE, task),))


def reason(change: Change) -> str:
    """The text that `diff` prints for a change: the reasons for its risk, and how to make it nevertheless."""
    _, reasons, remedies = verdict(change)
    texts = (*reasons, *(f"to do it: {remedy}" for remedy in remedies))
    return "; ".join(texts) or "a field of it never changes in place"
