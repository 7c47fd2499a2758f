"""Keep Flux from replacing `${...}` in objects: a shell or a server in the pod replaces it."""

from __future__ import annotations

from msgspec.json import encode

from compiler.derive.packages import annotated, each_object
from compiler.diagnostics import Report
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.model.resource import NOT_SUBSTITUTED, SUBSTITUTION

_START = SUBSTITUTION.encode()


def derive(lowered: Lowered, report: Report) -> Lowered:
    return each_object(lowered, _marked)


def _marked(package: Package, manifest: Manifest) -> Manifest:
    # The text of the whole object: quicker than a walk through it. JSON has these characters as they are.
    return annotated(manifest, NOT_SUBSTITUTED) if _START in encode(manifest) else manifest
