"""Settings that another setting of the same section makes idle."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.document import Node
from compiler.document.flow_style import flow_style
from compiler.model import Instance, Path, Platform
from compiler.spec.section import fields


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if instance.section != "components":
        return
    section = platform.document.at(instance.path)
    for key, cause in instance.spec.idle().items():
        path: Path = (*instance.path, key)
        written, causing = section.child(key), section.child(cause)
        if written is None or (causing and _overridden(section, written, causing)):
            continue
        report.add(
            "idle-setting",
            f"`{key}` of `{instance.name}` changes nothing with `{cause}: {_value(instance, cause)}`",
            platform.document.span_of(path),
            path=path,
            help=f"delete it, or change `{cause}`",
        )


def _overridden(section: Node, written: Node, causing: Node) -> bool:
    """Whether an environment overrides one of two values; the other is for the other environments then."""
    return section.span.contains(written.span) != section.span.contains(causing.span)


def _value(instance: Instance[Any], key: str) -> str:
    names = {key: name for name, key, _ in fields(type(instance.spec))}
    return flow_style(getattr(instance.spec, names[key]))
