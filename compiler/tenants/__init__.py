"""Lower the instances that are not components, with one module for each kind.

Models and workloads are in the spec; stores of models, logins and the identity provider follow from it.
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
