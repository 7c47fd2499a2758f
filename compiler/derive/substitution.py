"""Keep Flux from substituting `${...}` in the objects that hold it: it is a shell's or a server's."""

from __future__ import annotations

from compiler.derive.packages import annotated, each_object
from compiler.diagnostics import Report
from compiler.model.package import Lowered, Package
from compiler.model.resource import NOT_SUBSTITUTED, SUBSTITUTION, Manifest


def derive(lowered: Lowered, report: Report) -> Lowered:
    return each_object(lowered, _marked)


def _marked(package: Package, manifest: Manifest) -> Manifest:
    # The text of the whole object: quicker than a walk through it, and it holds each value as it is.
    return annotated(manifest, NOT_SUBSTITUTED) if SUBSTITUTION in str(manifest) else manifest
