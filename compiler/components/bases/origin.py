"""Describe the origin of a copy: its platform and instance, and the releases that wrote its schemas.

A server migrates its schema when it starts, and an older release refuses the result. A restore
therefore compares the releases in the copy with the releases of the platform that restores it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compiler import kube, model
from compiler.interfaces.sql import Claim
from compiler.spec.component import RunningSpec
from compiler.spec.image import split_image

FILE = "origin"  # beside the scripts; in a copy, it is called ORIGIN


def files(
    me: model.Instance[Any], logins: Iterable[model.Binding[Claim, Any]] = ()
) -> Mapping[str, str]:
    """The description of this platform, and the script that compares a copy's with it."""
    lines = [f"platform {me.platform}/{me.name}", *sorted(set(_schemas(logins)))]
    return {
        FILE: "".join(f"{line}\n" for line in lines),
        "origin.sh": kube.render(__file__, "origin.sh.j2"),
    }


def _schemas(logins: Iterable[model.Binding[Claim, Any]]) -> Iterator[str]:
    """A line for each component that keeps a schema in a database, by a release with a number."""
    for login in logins:
        consumer = login.consumer
        if consumer.section == "components" and isinstance(consumer.spec, RunningSpec):
            repository, tag, _ = split_image(consumer.spec.image or "")
            release = re.match(r"v?(\d+\.\d+)", tag)
            if release:
                yield f"schema {login.claim.database} {consumer.name} {repository} {release[1]}"
