"""A canary without an earlier version of its model, which would serve the other requests.

Knative splits requests between the newest revision of a model and the one before. Without an
earlier one, the newest gets all requests, whatever the percentage says. The spec does not show
whether there is one; the tree of the last compile does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from compiler.diagnostics import Diagnostic, Report
from compiler.model.package import Lowered
from compiler.model.resource import Manifest

# The first lines of a model's object in the files of the last compile.
_MODEL = re.compile(r"^kind: InferenceService\nmetadata:\n  name: (\S+)$", re.M)


def check(environments: Mapping[str | None, Lowered], root: Path) -> list[Diagnostic]:
    """Compare models with the tree of the last compile."""
    report = Report()
    for name, lowered in environments.items():
        if name is None:
            continue
        new = dict(_canaries(lowered))
        earlier = _earlier_models(root / "overlays" / name / "models") if new else set()
        for model in sorted(new.keys() - earlier):
            path = ("spec", "models", model, "canary")
            report.within(name).add(
                "first-canary",
                f"`{model}` starts as a canary: no version before it takes the other "
                f"{100 - new[model]} %, and it gets all requests",
                lowered.platform.document.span_of(path),
                path=path,
                help="deploy the version before it first, without `canary`",
            )
    return report.diagnostics


def _canaries(lowered: Lowered) -> Iterator[tuple[str, int]]:
    for package in lowered.models.values():
        for resource in package.resources:
            percent = canary(resource.manifest)
            if percent is not None:
                yield resource.name, percent


def _earlier_models(folder: Path) -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in folder.glob("*/models.yaml"))
    return {name.strip("'\"") for text in texts for name in _MODEL.findall(text)}


def canary(manifest: Manifest) -> int | None:
    """The percentage of requests for a model's newest revision, or None without a canary."""
    if manifest["kind"] != "InferenceService":
        return None
    percent: int | None = manifest["spec"]["predictor"].get("canaryTrafficPercent")
    return percent
