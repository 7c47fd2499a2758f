"""Finish each model once, for all environments that have it.

There may be thousands of models, nearly the same in every environment. A model's objects get their labels,
the images that the platform pulls, their wave, and the mark for Flux; all other passes of derive/ leave
models unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from msgspec.structs import replace

from compiler.derive import images, labels, order, substitution
from compiler.diagnostics import Report
from compiler.model.fleet import Fleet
from compiler.model.graph import Graph
from compiler.model.package import Lowered, Package, Platform

PASSES = (order.derive, labels.derive, images.derive, substitution.derive)
_UNBOUND = Graph({}, (), {})  # models wait for their phase, not for each other


def derive(lowered: Lowered, report: Report) -> Lowered:
    platform, memo = lowered.platform, lowered.models.memo
    common = tuple(sorted(platform.labels.items()))
    rest = (platform.settings, platform.pins)
    new = {
        name: package
        for name, package in lowered.models.items()
        if memo.is_first(("models to finish", common), package, *rest)
    }
    results = _finished(new, platform)
    finished = {
        name: memo.once(partial(results.__getitem__, name), ("models", common), package, *rest)
        for name, package in lowered.models.items()
    }
    return replace(lowered, models=Fleet(finished, memo))


def _finished(models: Mapping[str, Package], platform: Platform) -> Mapping[str, Package]:
    """A model's package, finished as if the platform had no other packages."""
    lowered = Lowered(platform, _UNBOUND, models)
    for derive_pass in PASSES:
        lowered = derive_pass(lowered, Report())
    return lowered.packages
