"""The platform's tenants, one module each: models that are served, and workloads that run."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from compiler.model.component import Component
from compiler.model.contract import read


@cache
def component(section: str) -> Component:
    """A section of the spec as if it were a component: it keeps the same contract."""
    return read(import_module(f"compiler.tenants.{section.rstrip('s')}"), section)
