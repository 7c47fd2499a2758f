"""Read kubectl's answers: what a command reads of them is checked here.

A cluster, or a program that is called kubectl, may answer anything. Fields that no command reads may have
any value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

# Runs kubectl with arguments and input; returns its status, output and errors.
Ask = Callable[[list[str], str], tuple[int, str, str]]
Answer = TypeVar("Answer")


class WrongAnswerError(Exception):
    """An answer is none of Kubernetes'."""

    def __init__(self) -> None:
        super().__init__("kubectl gives an answer that is none of Kubernetes'")


class Metadata(Struct):
    """The metadata of an object."""

    name: str
    annotations: dict[str, str] = {}


class Named(Struct):
    """An object of which only the metadata is read, such as a storage class."""

    metadata: Metadata


class ListOf(Struct, Generic[Answer]):
    """A list of objects."""

    items: list[Answer]


def asked(ask: Ask, form: type[Answer], *words: str) -> Answer | None:
    """kubectl's answer, or None if the object does not exist. Raises WrongAnswerError."""
    status, text, _ = ask([*words, "-o", "json"], "")
    return parsed(text, form) if status == 0 else None


def parsed(text: str, form: type[Answer]) -> Answer:
    """An answer in the expected form. Raises WrongAnswerError."""
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"), type=form)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise WrongAnswerError from error


def converted(value: Any, form: type[Answer]) -> Answer:
    """A part of an answer in the expected form. Raises WrongAnswerError."""
    try:
        return msgspec.convert(value, form)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise WrongAnswerError from error
