"""Judge the effect of another image on the data that the image before has written.

The facts are in the component's folder. A label of an object has its component type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from compiler import registry
from compiler.diff import worst
from compiler.model.effects import FieldChange, Judgement, Risk
from compiler.model.manifest import Manifest
from compiler.model.package import KUBERNETES
from compiler.model.versions import Crossing
from compiler.model.volume_claims import claim_names
from compiler.spec.image import split_image

_IMAGE_FIELD = re.compile(r"spec/(imageName|.*/containers/[^/]+/image)")
RISKS = {"downtime": Risk.DOWNTIME, "data loss": Risk.DATA_LOSS}


def judge(change: FieldChange, before: Manifest, after: Manifest) -> Judgement | None:
    """The judgement of a changed image, from the facts about the step, or from their absence."""
    if not _IMAGE_FIELD.fullmatch(change.path) or not (change.before and change.after):
        return None
    old, new = str(change.before), str(change.after)
    type = before["metadata"].get("labels", {}).get(f"{KUBERNETES}/name", "")
    if type not in registry.all_types():
        return None
    versions = registry.versions(type)
    crossings = tuple(versions.crossings(before["kind"], old, new))
    if crossings:
        return _judgement(crossings)
    if claim_names(before) and not versions.boundaries and _series(old) != _series(new):
        return Judgement(
            Risk.DOWNTIME, "whether it reads the data of the version before is unknown",
            "read its upgrade notes, and take a backup first",
        )  # fmt: skip
    return None


def _judgement(crossings: Sequence[Crossing]) -> Judgement:
    risk = worst(RISKS[crossing.risk] for crossing in crossings)
    reasons = "; ".join(dict.fromkeys(crossing.reason for crossing in crossings))
    remedies = "; ".join(
        dict.fromkeys(crossing.remedy for crossing in crossings if crossing.remedy)
    )
    return Judgement(risk, reasons, remedies)


def _series(image: str) -> str:
    """The first number of a tag, or the tag."""
    tag = split_image(image)[1]
    match = re.search(r"\d+", tag)
    return match[0] if match else tag
