"""Small platforms whose sizes follow from their content, and the rows of docs/sizes.md."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.pipeline import compile as compile_spec
from compiler.spec import quantity
from support.paths import ROOT

HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: sizes}\nspec:\n  components:\n"


class Row(Struct, frozen=True):
    """One row of the table: a size, and the diagnostic that says that it is too small."""

    name: str
    diagnostic: str
    program: str  # the live test that fills it, in words

    @property
    def types(self) -> list[str]:
        """The components that the row names before its colon."""
        return re.findall(r"`([a-z-]+)`", self.name.partition(":")[0])


def rows() -> Iterator[Row]:
    for line in (ROOT / "docs" / "sizes.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            name, _, _, diagnostic, program = (cell.strip() for cell in line.strip("|").split("|"))
            yield Row(name, diagnostic.strip("`"), program)


def lowered(components: str) -> Lowered:
    """The one environment of a platform with some components, each on its own line."""
    compilation = compile_spec(f"{HEAD}{components}\n".encode(), "platform.yaml")
    assert not compilation.report.failed, compilation.report.diagnostics
    return compilation.lowered["default"]


def codes(components: str) -> list[str]:
    """The codes of the errors of such a platform."""
    report = compile_spec(f"{HEAD}{components}\n".encode(), "platform.yaml").report
    return [diagnostic.code for diagnostic in report.diagnostics if diagnostic.severity == "error"]


def pod(lowered_platform: Lowered, name: str) -> Manifest:
    kinds = ("StatefulSet", "Deployment")
    (actual,) = [
        r.manifest
        for r in lowered_platform.packages[name].resources
        if r.kind in kinds and r.name == name
    ]
    spec: Manifest = actual["spec"]["template"]["spec"]
    return spec


def cluster(lowered_platform: Lowered) -> Manifest:
    """The spec of the only CloudNativePG cluster."""
    (actual,) = [
        r.manifest
        for package in lowered_platform.packages.values()
        for r in package.resources
        if r.kind == "Cluster"
    ]
    spec: Manifest = actual["spec"]
    return spec


def disk(spec: Manifest, name: str) -> int:
    (actual,) = [
        volume["emptyDir"]["sizeLimit"] for volume in spec["volumes"] if volume["name"] == name
    ]
    return quantity.in_bytes(actual)


def limit(spec: Manifest, key: str = "memory") -> int:
    return quantity.in_bytes(spec["containers"][0]["resources"]["limits"][key])
