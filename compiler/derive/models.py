"""Finish each model once, for all environments that have it.

There may be thousands of models, nearly the same in every environment. A model's objects get their labels
and their wave, and after the user's patches, which may add an image, the images that the platform pulls and
the mark for Flux. All other passes of derive/ leave models unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from msgspec.structs import replace

from compiler.derive import images, labels, order, substitution
from compiler.diagnostics import Report
from compiler.model.fleet import Fleet
from compiler.model.graph import Graph
from compiler.model.package import Lowered, Package, Platform

Pass = Callable[[Lowered, Report], Lowered]

BEFORE_PATCHES: tuple[Pass, ...] = (order.derive, labels.derive)
AFTER_PATCHES: tuple[Pass, ...] = (images.derive, substitution.derive)
_UNBOUND = Graph({}, (), {})  # models wait for their phase, not for each other


def derive(lowered: Lowered, report: Report) -> Lowered:
    return _with_passes(lowered, BEFORE_PATCHES)


def finish(lowered: Lowered, report: Report) -> Lowered:
    """The passes that follow the user's patches."""
    return _with_passes(lowered, AFTER_PATCHES)


def _with_passes(lowered: Lowered, passes: tuple[Pass, ...]) -> Lowered:
    platform, memo = lowered.platform, lowered.models.memo
    key = (passes, tuple(sorted(platform.labels.items())))
    rest = (platform.settings, platform.pins)
    new = {
        name: package
        for name, package in lowered.models.items()
        if memo.is_first(("models to finish", key), package, *rest)
    }
    results = _finished(new, platform, passes)
    finished = {
        name: memo.once(partial(results.__getitem__, name), ("models", key), package, *rest)
        for name, package in lowered.models.items()
    }
    return replace(lowered, models=Fleet(finished, memo))


def _finished(
    models: Mapping[str, Package], platform: Platform, passes: tuple[Pass, ...]
) -> Mapping[str, Package]:
    """A model's package, finished as if the platform had no other packages."""
    lowered = Lowered(platform, _UNBOUND, models)
    for derive_pass in passes:
        lowered = derive_pass(lowered, Report())
    return lowered.packages
