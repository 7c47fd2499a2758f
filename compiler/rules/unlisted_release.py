"""A release of an upstream system that the table of added containers lacks.

`refused-pod` then judges pods by the closest release of the table, which may give another answer.
"""

from __future__ import annotations

from os.path import dirname
from typing import Any

from compiler.diagnostics import Report
from compiler.diagnostics.words import listing
from compiler.model import Instance, Path, Platform, releases
from compiler.model.injected import closest
from compiler.registry import component_of


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    release = getattr(instance.spec, "release", None)
    if instance.section != "components" or release is None:
        return
    listed = releases(dirname(component_of(instance).file))
    if not listed or release in listed:
        return
    path: Path = (*instance.path, "release")
    report.add(
        "unlisted-release",
        f"the containers that `{instance.name}` {release} adds to pods are not known: they are judged as "
        f"those of {closest(listed, release)}",
        platform.document.value_span(path),
        path=path,
        help=f"the table has {listing(listed)}; take one of them, or compare the security contexts of "
        "the containers in a pod that runs, and silence the finding with the result",
    )
