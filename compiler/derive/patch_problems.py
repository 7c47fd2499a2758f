"""Judge a patched object as an API server would, and by the rules of the platform about images."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from compiler.kube.patching import PatchProblem
from compiler.model.images import OCI, image_texts
from compiler.model.manifest import Manifest
from compiler.model.package import Package
from compiler.model.resource import Resource
from compiler.registry import in_upstream_namespace
from compiler.spec.image import is_floating, split_image

_NAMES = (
    "leave the name as it is: names follow from the instance's key, and `adopt` keeps those of "
    "existing objects",
)


def added_problems(package: Package, before: Resource, after: Manifest) -> Iterator[PatchProblem]:
    """The problems that a patch adds to an object."""
    # Only a platform with patches needs them.
    from compiler.kube.admission import insecure, refusals
    from compiler.verify import problems

    subject = f"{before.kind} `{before.name}`"
    if _identity(after) != _identity(before.manifest):
        yield PatchProblem("patch-misses", "a patch may not change the name of an object", _NAMES)
        return
    for problem in problems(after):
        yield PatchProblem(
            "schema-violation", f"{subject}: {problem}", at=problem.partition(":")[0]
        )
    yield from _moving_images(subject, before.manifest, after)
    # The platform does not enforce pod security in the namespaces of operators.
    secured = () if in_upstream_namespace(package.instance) else insecure(after)
    for rejection in chain(refusals(after), secured):
        message = f"{subject} would be refused: {rejection.problem}"
        yield PatchProblem("patch-refused", message, (rejection.help,), rejection.at)


def _moving_images(subject: str, before: Manifest, after: Manifest) -> Iterator[PatchProblem]:
    """The images of a patch that fields of the spec refuse too."""
    earlier = {text for _, text in image_texts(before)}
    for at, text in image_texts(after):
        if text in earlier or text.startswith(OCI):
            continue
        if not split_image(text)[0]:
            message = f"{subject}: `{text}` is not an image reference"
            help = "write it like `registry.example.com/team/app:1.4`"
            yield PatchProblem("invalid-image", message, (help,), at)
        elif is_floating(text):
            message = f"{subject}: `{text}` is floating: the image can change without a change of the spec"
            yield PatchProblem(
                "floating-tag", message, ("name a version, or add `@sha256:...`",), at
            )


def _identity(manifest: Any) -> object:
    """The identity of an object, or None if the patch left no valid metadata."""
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    if not isinstance(metadata, dict):
        return None
    kind = (manifest.get("apiVersion"), manifest.get("kind"))
    return (*kind, metadata.get("namespace"), metadata.get("name"))
