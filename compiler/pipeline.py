"""The compiler on one page: text in, a tree of files out, and everything that is wrong on the way.

Stages are functions from value to value. Problems go to the report; the pipeline stops between
stages when it holds an error. An exception is a bug in the compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from compiler.check import check, check_objects, check_specs
from compiler.derive import derive
from compiler.diagnostics import Report
from compiler.emit import Tree, emit
from compiler.factor import Factored, factor
from compiler.load import load
from compiler.lower import lower
from compiler.model.graph import Graph
from compiler.model.package import Lowered, Platform
from compiler.models import Models
from compiler.resolve import resolve
from compiler.resolve.shared import Shared
from compiler.silence import unused
from compiler.specialise import specialise
from compiler.validate import validate
from compiler.verify import verify


class Compilation(Struct, frozen=True):
    """As far as a spec came: the later fields are empty where the report holds an error."""

    report: Report
    platforms: Mapping[str | None, Platform] = field(default_factory=dict)
    graphs: Mapping[str | None, Graph] = field(default_factory=dict)
    lowered: Mapping[str | None, Lowered] = field(default_factory=dict)

    @property
    def environments(self) -> tuple[str, ...]:
        return tuple(name for name in self.platforms if name is not None)

    def factored(self) -> Factored:
        environments = {name: lowered for name, lowered in self.lowered.items() if name is not None}
        return factor(self.lowered[None], environments)

    def tree(self, rendered: Iterable[str] | None = None) -> Tree:
        """The files; `out/` for the environments named, or as the spec says."""
        if rendered is None:
            asked = self.platforms[None].settings.rendered
            rendered = [name for name in self.environments if name in self.lowered] if asked else ()
        return emit(self.factored(), rendered=rendered)


def compile(
    data: bytes,
    file: str,
    step: Callable[[str], None] = lambda what: None,
    pins: Mapping[str, str] | None = None,
    verified: bool = True,
    only: Collection[str | None] | None = None,
) -> Compilation:
    """The whole way from text to verified objects; `step` is told of each stage.

    The base stands under None. `pins` are the digests of images that `platform.lock` knows. Who
    asks for objects that are not `verified` does that before anybody else sees them. With `only`,
    no other environment is lowered; the specs of all are read and held against the rules.
    """
    report = Report()
    step("reading the spec")
    document = load(data, file, report)
    if document is None:
        return Compilation(report)
    variants = specialise(document, report)
    step(f"validating {len(variants.environments)} environments")
    platforms = validate(variants, report)
    if pins:
        platforms = {name: replace(one, pins=pins) for name, one in platforms.items()}
    if report.failed:
        return Compilation(report, platforms)
    used = check_specs(platforms, report)
    shared = Shared()
    graphs = {name: resolve(one, report.within(name), shared) for name, one in platforms.items()}
    if report.failed:
        return Compilation(report, platforms, graphs)
    used |= check(platforms, graphs, report)
    if report.failed:
        return Compilation(report, platforms, graphs)
    lowered: dict[str | None, Lowered] = {}
    models = Models()
    asked = {name: one for name, one in platforms.items() if only is None or name in only}
    for name, platform in asked.items():
        step(f"lowering {name or 'the base'}: {len(platform.instances)} instances")
        whole = models.added(lower(platform, graphs[name]))
        lowered[name] = derive(whole, report.within(name))
    used |= check_objects(lowered, report)
    unused(asked, used, report)
    if verified:
        step("checking every object against its schema")
        verify(lowered, report)
    return Compilation(report, platforms, graphs, {} if report.failed else lowered)
