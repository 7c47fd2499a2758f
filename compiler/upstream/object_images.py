"""Find the images in an upstream system's objects, also those in the text of its settings, and mirror them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.document.other_files import FileContentError, documents
from compiler.model.images import Rewriter, image_keys
from compiler.model.manifest import Manifest
from compiler.spec.image import Mirrors, pulled, split_image


def object_images(manifest: Any) -> Iterator[str]:
    """Images in image fields, in those of the JSON or YAML in a ConfigMap's data, and in keys of its data.

    Knative's `config-deployment` has the image of the proxy in each pod as `queue-sidecar-image`.
    """
    yield from image_keys(manifest)
    if not isinstance(manifest, dict) or manifest.get("kind") != "ConfigMap":
        return
    data = manifest.get("data")
    for key, text in data.items() if isinstance(data, dict) else ():
        if not isinstance(text, str):
            continue
        if key.lower().endswith("image") and "/" in text and split_image(text)[0]:
            yield text
        if "mage" in text:
            yield from _in_text(text)


def _in_text(text: str) -> Iterator[str]:
    """Images in a text of settings; other text has none that could be known."""
    try:
        parsed = documents(text, aliases=True)
    except FileContentError:
        return
    yield from image_keys(parsed)


def with_mirrors(manifest: Manifest, mirrors: Mirrors) -> Manifest:
    """An object whose images come from the mirrors."""
    if not mirrors:
        return manifest
    names = {image: pulled(image, mirrors, {}) for image in object_images(manifest)}
    if not names:
        return manifest
    changed: Manifest = Rewriter(names).value(manifest)
    return changed
