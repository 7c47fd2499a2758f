"""Finish each model once, for all environments that have it.

There may be thousands of models, nearly the same in every environment. A model's objects get their labels
and their wave, and after the user's patches, which may add an image, the images that the platform pulls and
the mark for Flux. Of the other passes, only those for calls of models and for patches change models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
    platform, models = lowered.platform, lowered.models
    finished = models.memo.together(
        partial(_finished, platform, passes), list(models.values()),
        ("models", passes, tuple(sorted(platform.labels.items()))), platform.settings, platform.pins,
    )  # fmt: skip
    return replace(lowered, models=Fleet(dict(zip(models, finished, strict=True)), models.memo))


def _finished(
    platform: Platform, passes: tuple[Pass, ...], models: Sequence[Package]
) -> Iterable[Package]:
    """Models' packages, finished as if the platform had no other packages."""
    lowered = Lowered(platform, _UNBOUND, {package.name: package for package in models})
    for derive_pass in passes:
        lowered = derive_pass(lowered, Report())
    return lowered.packages.values()
