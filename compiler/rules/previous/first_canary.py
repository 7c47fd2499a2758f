"""A canary whose model was not there before: nothing takes the rest of its requests.

Knative splits between the newest revision of a model and the one before. With none before, all
requests go to the newest, whatever the percentage says. No text tells whether there is one; what
was compiled before does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from compiler.diagnostics import Diagnostic, Report
from compiler.model.package import Lowered
from compiler.model.resource import Manifest

# How a model's object begins in the files that the last compile wrote.
_KNOWN = re.compile(r"^kind: InferenceService\nmetadata:\n  name: (\S+)$", re.M)


def check(environments: Mapping[str | None, Lowered], root: Path) -> list[Diagnostic]:
    """Hold models against the tree of the last compile."""
    report = Report()
    for name, lowered in environments.items():
        if name is None:
            continue
        new = dict(_canaries(lowered))
        known = _known(root / "overlays" / name / "models") if new else set()
        for model in sorted(new.keys() - known):
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


def _known(folder: Path) -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in folder.glob("*/models.yaml"))
    return {name.strip("'\"") for text in texts for name in _KNOWN.findall(text)}


def canary(manifest: Manifest) -> int | None:
    """The percentage of the requests that a model's newest revision is to get, if it shares."""
    if manifest["kind"] != "InferenceService":
        return None
    percent: int | None = manifest["spec"]["predictor"].get("canaryTrafficPercent")
    return percent
