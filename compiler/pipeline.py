"""The compiler on one page: text in, a tree of files out, and everything that is wrong on the way.

Stages are functions from value to value. Problems go to the report; the pipeline stops between
stages when it holds an error. An exception is a bug in the compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from compiler.ahead import Parse, parse
from compiler.check import Findings, check, check_objects, check_specs
from compiler.check.silence import unused
from compiler.derive import derive
from compiler.derive.models import Models
from compiler.diagnostics import Diagnostic, Report
from compiler.document import Node
from compiler.document.span import Span
from compiler.emit import emit
from compiler.emit.portion import Portion, portion
from compiler.emit.tree import Tree
from compiler.factor import Factored, factor
from compiler.lower import lower
from compiler.model.graph import Graph
from compiler.model.package import Lowered, Platform
from compiler.parallel import Apart, here
from compiler.resolve import resolve
from compiler.resolve.shared import Shared
from compiler.specialise import specialise
from compiler.validate import validate
from compiler.verify import verify


class Compilation(Struct, frozen=True):
    """As far as a spec came: the later fields are empty where the report holds an error."""

    report: Report
    platforms: Mapping[str | None, Platform] = field(default_factory=dict)
    graphs: Mapping[str | None, Graph] = field(default_factory=dict)
    lowered: Mapping[str | None, Lowered] = field(default_factory=dict)
    used: set[Span] = field(default_factory=set)  # silences that hid a finding so far

    @property
    def environments(self) -> tuple[str, ...]:
        return tuple(name for name in self.platforms if name is not None)

    def factored(self) -> Factored:
        return factor(self.lowered[None], self._environments())

    def _environments(self) -> dict[str, Lowered]:
        return {name: lowered for name, lowered in self.lowered.items() if name is not None}

    def _rendered(self) -> Collection[str]:
        """The environments that get an `out/`, as the spec says."""
        return self._environments() if self.platforms[None].settings.rendered else ()

    def examined(self, verified: bool = True) -> list[Diagnostic]:
        """What is to be said of the objects: by the rules, and by their schemas if `verified`."""
        found = check_objects(self.lowered)
        report = Report(found.diagnostics)
        asked = {name: self.platforms[name] for name in self.lowered}
        unused(asked, self.used | found.used, report)
        if verified:
            verify(self.lowered, report)
        return report.diagnostics

    def portion(self) -> Portion:
        """The portion of `tree`'s work that can be done elsewhere."""
        return portion(self._environments(), self._rendered())

    def tree(
        self, rendered: Collection[str] | None = None, others: Callable[[], Portion] | None = None
    ) -> Tree:
        """The files; `out/` for the environments named, or as the spec says.

        `others` waits for the `portion`, where that is done elsewhere.
        """
        if rendered is None:
            rendered = self._rendered()
        return emit(self.factored(), rendered=rendered, others=others)


def compile(
    data: bytes,
    file: str,
    step: Callable[[str], None] = lambda what: None,
    pins: Mapping[str, str] | None = None,
    examined: bool = True,
    only: Collection[str | None] | None = None,
    parse: Parse = parse,
    apart: Apart = here,
) -> Compilation:
    """The whole way from text to objects; `step` is told of each stage.

    The base stands under None. `pins` are the digests of images that `platform.lock` knows. Who
    wants objects that are not `examined` does that before anybody else sees them. With `only`, no
    other environment is lowered; the specs of all are read and held against the rules. These may
    be asked `apart`, while objects are made.
    """
    report = Report()
    step("reading the spec")
    platforms = _read(parse(data, file, report), report, step)
    if pins:
        platforms = {name: replace(one, pins=pins) for name, one in platforms.items()}
    if report.failed:
        return Compilation(report, platforms)
    shared = Shared()
    graphs = {name: resolve(one, report.within(name), shared) for name, one in platforms.items()}
    if report.failed:
        report.diagnostics += check_specs(platforms).diagnostics
        return Compilation(report, platforms, graphs)
    rules = apart(lambda: check(platforms, graphs), Findings)
    wanted = {name: one for name, one in graphs.items() if only is None or name in only}
    of_objects = Report()
    try:
        lowered = _lowered(platforms, wanted, step, of_objects)
    except Exception:
        found = rules()
        if not found.failed:  # a component may rely on what the rules forbid
            raise
    else:
        found = rules()
    report.diagnostics += found.diagnostics
    if report.failed:
        return Compilation(report, platforms, graphs)
    report.diagnostics += of_objects.diagnostics
    result = Compilation(report, platforms, graphs, lowered, found.used)
    if examined:
        step("checking every object against its schema")
        report.diagnostics += result.examined()
    return replace(result, lowered={}) if report.failed else result


def _read(
    document: Node | None, report: Report, step: Callable[[str], None]
) -> dict[str | None, Platform]:
    if document is None:
        return {}
    variants = specialise(document, report)
    step(f"validating {len(variants.environments)} environments")
    return validate(variants, report)


def _lowered(
    platforms: Mapping[str | None, Platform],
    graphs: Mapping[str | None, Graph],
    step: Callable[[str], None],
    report: Report,
) -> dict[str | None, Lowered]:
    lowered: dict[str | None, Lowered] = {}
    models = Models()
    for name, graph in graphs.items():
        step(f"lowering {name or 'the base'}: {len(graph.instances)} instances")
        whole = models.added(lower(platforms[name], graph))
        lowered[name] = derive(whole, report.within(name))
    return lowered
