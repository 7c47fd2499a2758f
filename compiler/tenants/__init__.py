"""The platform's tenants, one module each: models are served, workloads run."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from compiler.model.component import Component


@cache
def module(section: str) -> Component:
    """The module that a section of the spec is lowered by; it looks like a component's."""
    return cast(Component, import_module(f"compiler.tenants.{section.rstrip('s')}"))
