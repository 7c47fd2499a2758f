"""Two volumes at one path of a container: the API server refuses the pod."""

from __future__ import annotations

from compiler.diagnostics import Related, Report
from compiler.model import Graph, Path, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    mounting = [instance for instance in platform.having("volumes") if instance.spec.volumes]
    for instance in mounting:
        files = [path for end in graph.wiring(instance.name).endpoints for path in end.files()]
        mounted: dict[str, Path | None] = {path.rpartition("/")[0]: None for path in files}
        for name, mount in sorted(instance.spec.volumes.items()):
            location: Path = (*instance.path, "volumes", name, "mountPath")
            at = mount.mount_path.rstrip("/") or "/"
            if at in mounted:
                earlier = mounted[at]
                document = platform.document
                report.add(
                    "mount-clash",
                    f"`{instance.name}` mounts two volumes at `{at}`",
                    document.value_span(location),
                    path=location,
                    help="mount it elsewhere"
                    + ("" if earlier else f"; the files of `uses` are in `{at}`"),
                    related=[Related("the other one", document.value_span(earlier))]
                    if earlier
                    else [],
                )
            mounted.setdefault(at, location)
