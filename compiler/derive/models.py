"""Models: each is finished by itself, once for all environments that have it.

There may be thousands of models, in every environment nearly the same. Of what derive/ adds, a model's
objects need its labels, the images that the platform pulls, and their wave; all other passes leave
models as they are.
"""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from compiler.derive import images, labels, order
from compiler.diagnostics import Report
from compiler.model.fleet import Fleet
from compiler.model.graph import Graph
from compiler.model.package import Lowered, Package, Platform

PASSES = (order.derive, labels.derive, images.derive)
_UNBOUND = Graph({}, (), {})  # models wait for their phase, not for each other


def derive(lowered: Lowered, report: Report) -> Lowered:
    platform, memo = lowered.platform, lowered.models.memo
    common = tuple(sorted(platform.labels.items()))
    finished = {
        name: memo.once(
            partial(_finished, package, platform), common,
            package, platform.settings, platform.pins,
        )
        for name, package in lowered.models.items()
    }  # fmt: skip
    return replace(lowered, models=Fleet(finished, memo))


def _finished(package: Package, platform: Platform) -> Package:
    """A model's package as that of a platform which has nothing else."""
    alone = Lowered(platform, _UNBOUND, {package.name: package})
    for one in PASSES:
        alone = one(alone, Report())
    return alone.packages[package.name]
