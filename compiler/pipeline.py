"""The compiler on one page: it turns the text of a spec into a tree of files and diagnostics.

Stages are functions from value to value. Problems go to the report. The compile continues with the parts
that are right, so that one run finds all mistakes: bindings and rules see a spec without its wrong values,
and objects are made of the instances without errors. An exception is a bug in the compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from compiler.check import check, check_objects
from compiler.check.silence import report_unused
from compiler.derive import derive
from compiler.diagnostics import Diagnostic, Report, TooManyFindingsError
from compiler.document.span import Span
from compiler.emit import emit
from compiler.emit.tree import Tree
from compiler.factor import factor
from compiler.load import load
from compiler.load.builder import MAX_NODES
from compiler.lower import lower
from compiler.model.graph import Graph
from compiler.model.memo import Memo
from compiler.model.package import Lowered, Platform
from compiler.resolve import resolve
from compiler.specialise import Variants, specialise
from compiler.upstream.lock import Lock
from compiler.validate import validate
from compiler.validate.authority_files import with_authority_files
from compiler.validate.locked_models import with_locked_models
from compiler.verify import verify

Progress = Callable[[str], None]
NO_LOCK = Lock()


def silent(stage: str) -> None:
    """Show no progress."""


class Compilation(Struct, frozen=True):
    """The results of the stages for one spec; `lowered` is empty if the report holds an error.

    The base has the key None, next to the environments by name.
    """

    report: Report
    platforms: Mapping[str | None, Platform] = field(default_factory=dict)
    graphs: Mapping[str | None, Graph] = field(default_factory=dict)
    lowered: Mapping[str | None, Lowered] = field(default_factory=dict)
    partial: bool = False  # whether instances with errors and their consumers are left out
    silences: set[Span] = field(default_factory=set)  # the silences that hid a diagnostic
    memo: Memo = field(default_factory=Memo)

    @property
    def environments(self) -> tuple[str, ...]:
        return tuple(name for name in self.platforms if name is not None)

    def tree(self, rendered: Collection[str] | None = None) -> Tree:
        """The output files; `out/` has the environments in `rendered`, by default as the spec says."""
        environments = {
            name: package_set for name, package_set in self.lowered.items() if name is not None
        }
        if rendered is None:
            rendered = environments if self.platforms[None].settings.rendered else ()
        factored = factor(self.lowered[None], environments)
        return emit(factored, self.memo, rendered=rendered)


def compile(
    data: bytes, file: str, lock: Lock = NO_LOCK,
    only: Collection[str | None] | None = None, progress: Progress = silent,
    most_values: int = MAX_NODES,
) -> Compilation:  # fmt: skip
    """Compile a text to objects that fit their schemas; `Compilation.tree` writes files from them.

    `lock` is the content of `platform.lock`. With `only`, the other environments get no
    objects; all specs are still parsed and checked. A spec with more than `most_values` is refused.
    """
    result = checked_text(data, file, lock, progress, most_values)
    result = with_objects(result, only, progress)
    progress("checking every object against its schema")
    return with_diagnostics(result, object_diagnostics(result))


def checked_text(
    data: bytes, file: str, lock: Lock = NO_LOCK, progress: Progress = silent,
    most_values: int = MAX_NODES,
) -> Compilation:  # fmt: skip
    """Compile a text up to its bindings, and run the rules on them."""
    result = resolved_text(data, file, lock, progress, most_values)
    try:
        return checked(result) if result.platforms else result
    except TooManyFindingsError:
        result.report.close()
        return Compilation(result.report)


def resolved_text(
    data: bytes, file: str, lock: Lock = NO_LOCK, progress: Progress = silent,
    most_values: int = MAX_NODES,
) -> Compilation:  # fmt: skip
    """Compile a text up to its bindings, without running rules."""
    report = Report()
    progress("reading the spec")
    document = load(data, file, report, most_values)
    if document is None:
        return Compilation(report)
    try:
        variants = specialise(document, report)
        progress(f"validating {len(variants.environments)} environments")
        return resolved(variants, lock, report, Memo())
    except TooManyFindingsError:
        report.close()
        return Compilation(report)


def checked(result: Compilation) -> Compilation:
    """Run the rules on a spec. Only the instances without errors go on to the objects."""
    report, earlier = result.report, len(result.report.diagnostics)
    result = replace(result, partial=report.failed)
    result = replace(result, silences=check(result.platforms, result.graphs, report))
    if Report(report.diagnostics[earlier:]).blocked:
        return replace(result, platforms={}, graphs={})
    return settled(result) if result.partial else result


def settled(result: Compilation) -> Compilation:
    """Remove the instances that have errors, and all instances that depend on them."""
    graphs = {name: graph.settled for name, graph in result.graphs.items()}
    parts = {name: platform.part(graphs[name]) for name, platform in result.platforms.items()}
    return replace(result, platforms=parts, graphs=graphs)


def resolved(variants: Variants, lock: Lock, report: Report, memo: Memo) -> Compilation:
    """Compile documents up to their bindings, without running rules."""
    platforms = {
        name: replace(platform, pins=lock.images, locked=lock.models, files=lock.files)
        for name, platform in validate(variants, memo, report).items()
    }
    platforms = with_authority_files(platforms, memo, report)
    platforms = with_locked_models(platforms, memo, report)
    return Compilation(report, platforms, resolve(platforms, memo, report), memo=memo)


def with_objects(
    result: Compilation, only: Collection[str | None] | None = None, progress: Progress = silent
) -> Compilation:
    """Add the objects of all environments, or of some."""
    graphs = {name: graph for name, graph in result.graphs.items() if only is None or name in only}
    progress(f"making the objects of {len(graphs)} environments")
    lowered = lower(result.platforms, graphs, result.memo)
    try:
        return replace(result, lowered=derive(lowered, result.report))
    except TooManyFindingsError:
        result.report.close()
        return result


def object_diagnostics(result: Compilation, schemas: bool = True) -> list[Diagnostic]:
    """Run the rules about objects and, with `schemas`, the check against the schemas."""
    report = Report()
    platforms = {name: result.platforms[name] for name in result.lowered}
    try:
        silences = check_objects(result.lowered, report)
        report_unused(platforms, result.silences | silences, report)
        if schemas:
            verify(result.lowered, report)
    except TooManyFindingsError:
        report.close()
    return report.errors if result.partial else report.diagnostics


def with_diagnostics(result: Compilation, diagnostics: list[Diagnostic]) -> Compilation:
    """Add the diagnostics of the objects; drop the objects if there is an error."""
    result.report.diagnostics += diagnostics
    return replace(result, lowered={}) if result.report.failed else result
