"""Derived references in a pod template, each broken once: what the live tests must notice."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator

from live.pods.objects import Manifest

ADDRESS = re.compile(r"([a-z0-9.-]+\.svc\.cluster\.local)(?::(\d+))?(?:/([a-z_]+)\?)?")


def mutants(template: Manifest) -> Iterator[tuple[str, Manifest]]:
    """What was broken, and the template with it."""
    for index, one in enumerate(template["spec"]["containers"][0].get("env", ())):
        for what, broken in _broken(one):
            made = copy.deepcopy(template)
            made["spec"]["containers"][0]["env"][index] = broken
            yield f"{what} of {one['name']}", made


def _broken(variable: Manifest) -> Iterator[tuple[str, Manifest]]:
    secret = variable.get("valueFrom", {}).get("secretKeyRef")
    if secret:
        for key in ("name", "key"):
            reference = {**secret, key: f"{secret[key]}-else"}
            yield f"Secret's {key}", {**variable, "valueFrom": {"secretKeyRef": reference}}
    value = variable.get("value", "")
    if variable["name"].endswith("PORT") and value.isdigit():
        yield "port", {**variable, "value": str(int(value) + 1)}
    found = ADDRESS.search(value)
    if not found:
        return
    changes: tuple[tuple[str, int, Callable[[str], str]], ...] = (
        ("host", 1, lambda host: f"else-{host}"),
        ("port", 2, lambda port: str(int(port) + 1)),
        ("database", 3, lambda database: f"{database}_else"),
    )
    for what, group, change in changes:
        if found[group]:
            start, end = found.span(group)
            yield what, {**variable, "value": value[:start] + change(found[group]) + value[end:]}
