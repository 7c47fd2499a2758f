"""Two volumes at one path of a container: the API server refuses the pod."""

from __future__ import annotations

from compiler.diagnostics import Related, Report
from compiler.model import Graph, Path, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    mounting = [one for one in platform.having("volumes") if one.spec.volumes]
    for instance in mounting:
        files = [path for end in graph.wiring(instance.name).endpoints for path in end.files()]
        taken: dict[str, Path | None] = {path.rpartition("/")[0]: None for path in files}
        for name, mount in sorted(instance.spec.volumes.items()):
            where: Path = (*instance.path, "volumes", name, "mountPath")
            at = mount.mount_path.rstrip("/") or "/"
            if at in taken:
                other = taken[at]
                document = platform.document
                report.add(
                    "mount-clash",
                    f"`{instance.name}` mounts two volumes at `{at}`",
                    document.value_span(where),
                    path=where,
                    help="mount it elsewhere"
                    + ("" if other else f"; what `uses` gives has its files in `{at}`"),
                    related=[Related("the other one", document.value_span(other))] if other else [],
                )
            taken.setdefault(at, where)
