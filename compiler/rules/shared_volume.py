"""One existing volume claim in several workloads: most volumes can be on one node at a time.

Unless the claim is ReadWriteMany, a second pod on another node waits for the first to end
(Kubernetes, access modes of persistent volumes). The spec does not contain its access mode.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from compiler.diagnostics import Related, Report
from compiler.diagnostics.words import listing
from compiler.model import Instance, Path, Platform


def check_spec(platform: Platform, report: Report) -> None:
    mounts: dict[tuple[str, str], list[tuple[str, Path]]] = defaultdict(list)
    for instance in platform.having("volumes"):
        for key, path in _claims(instance):
            mounts[instance.namespace, key].append((instance.name, path))
    for (_, claim), users in sorted(mounts.items()):
        names = {name for name, _ in users}
        if len(names) > 1:
            (_, first_path), (_, last_path) = users[0], users[-1]
            document = platform.document
            report.add(
                "shared-volume",
                f"{listing(names)} mount the claim `{claim}`; unless it is ReadWriteMany, "
                "their pods can't run on two nodes at once",
                document.value_span(last_path),
                path=last_path,
                help="keep data in the object store, or silence this if the claim is ReadWriteMany",
                related=[Related("also here", document.value_span(first_path))],
            )


def _claims(instance: Instance[Any]) -> list[tuple[str, Path]]:
    return [
        (mount.claim, (*instance.path, "volumes", name, "claim"))
        for name, mount in sorted(instance.spec.volumes.items())
        if mount.claim
    ]
