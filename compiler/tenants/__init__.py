"""Sections that are no components, one module each: models and workloads of the spec, and what
follows from the spec (stores of models, logins, the identity provider).
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from compiler.model.component import Component
from compiler.model.contract import read


@cache
def component(section: str) -> Component:
    """A section of the spec as if it were a component: it keeps the same contract."""
    return read(import_module(f"compiler.tenants.{section.rstrip('s')}"), section)
