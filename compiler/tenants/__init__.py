"""The platform's tenants, one module each: models that are served, and workloads that run."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from compiler.model.component import Component


@cache
def module(section: str) -> Component:
    """The module that lowers a section of the spec; it has the functions of a component module."""
    return cast(Component, import_module(f"compiler.tenants.{section.rstrip('s')}"))
