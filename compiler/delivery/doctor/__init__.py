"""Compare the platform's requirements with the state of its cluster.

All questions go through a function that runs kubectl. Only names and annotations of Secrets are read, never values.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.delivery.answers import Ask, WrongAnswerError
from compiler.delivery.doctor.admission import admission
from compiler.delivery.doctor.authorities import authorities
from compiler.delivery.doctor.cluster import kinds, priorities, storage, version
from compiler.delivery.doctor.finding import Finding
from compiler.delivery.doctor.secrets import secrets
from compiler.delivery.doctor.upstream import upstream
from compiler.model.package import Lowered


def check(lowered: Lowered, ask: Ask, now: float) -> Iterator[Finding]:
    """Run every check of the cluster. `now` is in seconds since 1970."""
    status, _, error = ask(["version", "-o", "json"], "")
    if status:
        yield Finding(False, f"the cluster does not answer: {error.strip()}")
        return
    try:
        yield from _checks(lowered, ask)
        yield from authorities(lowered, ask, now)
    except WrongAnswerError as error:
        yield Finding(False, str(error))


def _checks(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    yield version(lowered, ask)
    yield from kinds(lowered, ask)
    yield from storage(lowered, ask)
    yield from priorities(lowered, ask)
    yield from upstream(lowered, ask)
    yield from secrets(lowered, ask)
    yield from admission(lowered, ask)
