"""Write the tables of the containers that upstream systems add to pods: `make injected`.

A release that a table has and that is not built here stays as it is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from upstream.programs import containers

COMPONENTS = Path(__file__).parents[2] / "compiler" / "components"
KSERVE = "pkg/webhook/admission/pod, the release's kserve.yaml"


class Row(NamedTuple):
    """A release in a component's table, and the code that was asked."""

    component: str
    release: str
    source: str
    pinned: bool = True

    @property
    def program(self) -> str:
        """The program of `build.sh`."""
        return self.component if self.pinned else f"{self.component}-{self.release}"

    @property
    def entry(self) -> dict[str, Any]:
        rows = [_row(container) for container in containers(self.program)]
        return {"source": self.source, "containers": rows}


ROWS = (
    Row("istio", "1.30.3", "a commit of 1.31's line, istio.io/istio@eed52ebb66ad: istiod's chart, `istioctl kube-inject`; the chart of the tag 1.30.3 adds the same"),
    Row("knative", "1.21.1", "knative.dev/serving@v0.48.1, resources.MakeDeployment"),
    Row("knative", "1.20.1", "knative.dev/serving@v0.47.1, resources.MakeDeployment", pinned=False),
    Row("kserve", "0.20.0", f"github.com/kserve/kserve@v0.20.0, {KSERVE}"),
    Row("kserve", "0.19.0", f"github.com/kserve/kserve@v0.19.0, {KSERVE}", pinned=False),
)  # fmt: skip


def _row(container: dict[str, Any]) -> dict[str, Any]:
    """A container as an object would have it, without empty fields."""
    ports = [{"containerPort": port} for port in container["ports"]]
    row = {**container, "ports": ports}
    return {key: value for key, value in row.items() if value not in (None, [])}


def read(component: str) -> dict[str, Any]:
    """The table of a component, by release."""
    table: dict[str, Any] = json.loads((COMPONENTS / component / "injected.json").read_text())
    return table


def write(row: Row) -> None:
    table = {**read(row.component), row.release: row.entry}
    text = json.dumps(table, indent=2, sort_keys=True)
    (COMPONENTS / row.component / "injected.json").write_text(f"{text}\n")


if __name__ == "__main__":
    for row in ROWS:
        write(row)
