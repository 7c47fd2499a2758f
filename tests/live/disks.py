"""Disks of the size that a volume claim or an emptyDir asks for, while a test fills them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from live.pods.node import Node
from live.pods.objects import Manifest


@contextmanager
def limited(
    node: Node, manifests: Iterable[Manifest], *, empty_dirs: Iterable[str] = ()
) -> Iterator[None]:
    """While this lasts, the first pod of each StatefulSet has disks as large as it asks for.

    The emptyDirs of the instances in `empty_dirs` end at their `sizeLimit` too.
    """
    for manifest in manifests:
        if manifest["kind"] != "StatefulSet":
            continue
        metadata = manifest["metadata"]
        for claim in manifest["spec"].get("volumeClaimTemplates", ()):
            name = f"{claim['metadata']['name']}-{metadata['name']}-0"
            folder = node.place / "claims" / metadata["namespace"] / name
            node.disks.mount(folder, claim["spec"]["resources"]["requests"]["storage"])
    node.disks.instances = frozenset(empty_dirs)
    try:
        yield
    finally:
        node.disks.instances = frozenset()
        node.disks.unmount()
