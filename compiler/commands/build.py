"""Do the work of `platformc compile` after a change: compile the spec, and write or compare the tree."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import TypeVar

import click
from msgspec import Struct

from compiler import parallel, pipeline
from compiler.check import check_previous
from compiler.commands.compiling import environment_of, lock_of
from compiler.commands.output import as_text, fail, note, show
from compiler.commands.progress import progress
from compiler.commands.protected_files import report_protected
from compiler.commands.spec_file import STDIN
from compiler.commands.up_to_date import remember
from compiler.delivery.next_steps import after_compile
from compiler.delivery.steps import SpecLocation
from compiler.diagnostics import Diagnostic, Report
from compiler.emit.tree import Tree
from compiler.files import open_folder, sentence
from compiler.model.package import Lowered
from compiler.pipeline import Compilation
from compiler.registry import builtin_types
from compiler.write import SUMS
from compiler.write.output import BusyError, exclusive, interrupted
from compiler.write.output_paths import PER_ENVIRONMENT, spec_of
from compiler.write.plan import Plan, plan

T = TypeVar("T")
_LARGE_BUILD = 1000  # in all environments: some 300 models in three of them


class Build(Struct, frozen=True):
    """One spec, and the directory of its output."""

    file: Path
    data: bytes
    root: Path
    environments: tuple[str, ...]  # the environments that the command covers; empty: all
    form: str  # the format of the diagnostics

    def check(self) -> None:
        """Print the differences between the output and the tree."""
        self._refuse_output_of_another()
        result = self._objects()
        examined = _while_writing(result, lambda: self._findings(result), list[Diagnostic])
        tree = result.tree().within(self._scope)
        result = pipeline.with_diagnostics(result, examined())
        if not result.report.failed:
            self._compare(tree, result.report)
        self._show(result)

    def update(self, force: bool, fingerprint: Callable[[], str]) -> None:
        """Write the tree to disk, unless an object has an error or a user's edit would be lost."""
        if not force:
            self._refuse_output_of_another()
        result = self._objects()
        # The objects are checked while their files are written; until `seal`, nothing is replaced.
        examined = _while_writing(
            result,
            lambda: (self._findings(result), fingerprint() if _is_shipped(result) else ""),
            tuple[list[Diagnostic], str],
        )
        tree = result.tree().within(self._scope)
        try:
            with exclusive(self.root) as output:
                output.recover()
                planned = plan(tree, output.root, self._scope, self._spec_next_to_output)
                allowed = not planned.stray and (force or not planned.blocked)
                if allowed:
                    output.stage(planned, tree)
                findings, current = examined()
                result = pipeline.with_diagnostics(result, findings)
                if result.report.failed:
                    output.recover()
                elif allowed:
                    output.seal(planned)
                    remember(self.root, current, self._text(result.report))
                else:
                    report_protected(planned, self.root, self._command, result.report)
        except BusyError as error:
            fail(str(error))
        except OSError as error:
            fail(sentence(error))
        self._show(result)
        self._summary(planned, tree, result)

    @property
    def _scope(self) -> tuple[str, ...]:
        """The paths that the command covers: all, or the base's and the named environments'."""
        named = (f"{top}/{name}/" for top in PER_ENVIRONMENT for name in self.environments)
        return ("base/", *named) if self.environments else ("",)

    @property
    def _command(self) -> str:
        """The command that writes this tree."""
        output = "" if self.root == self.file.parent else f" -o {quote(str(self.root))}"
        named = "".join(f" --env {name}" for name in self.environments)
        return f"platformc compile{SpecLocation(self.file).options}{output}{named}"

    @property
    def _spec_next_to_output(self) -> str:
        """The name of the spec, if it is in the folder of the output."""
        is_next = self.file != STDIN and self.root == self.file.parent
        return self.file.name if is_next else ""

    def _refuse_output_of_another(self) -> None:
        """End the command if the output is of another spec in this folder, which would lose it."""
        try:
            with open_folder(self.root) as folder:
                other = spec_of(folder)
                if not other or folder.status(other) is None:
                    return
        except OSError:  # there is no output yet, or the command says later why it cannot be read
            return
        if self._spec_next_to_output not in ("", other):
            fail(
                f"the output in `{self.root}` is of `{other}`: give `{self.file.name}` a folder of its own, or name "
                f"another folder for the output by `-o`; `{self._command} --force` replaces the output"
            )

    def _objects(self) -> Compilation:
        """The spec's objects. Ends the command if the spec has an error."""
        only = (None, *self.environments) if self.environments else None
        with progress() as step:
            result = pipeline.checked_text(
                self.data, str(self.file), lock_of(self.file, self.data), step
            )
            result = pipeline.with_objects(result, only, step)
        if result.report.failed:
            self._show(pipeline.with_diagnostics(result, pipeline.object_diagnostics(result)))
        for name in self.environments:
            environment_of(result, name)
        return result

    def _findings(self, result: Compilation) -> list[Diagnostic]:
        return [*pipeline.object_diagnostics(result), *check_previous(result.lowered, self.root)]

    def _compare(self, tree: Tree, report: Report) -> None:
        """Compare the tree with the disk. Ends the command if they differ."""
        from compiler.commands.stale import difference  # difflib, only for --check

        planned, differences = Plan(write=tuple(tree)), ""
        try:
            with open_folder(self.root) as folder:
                if interrupted(folder):
                    report.add(
                        "interrupted-write",
                        f"an earlier write to `{self.root}` was interrupted",
                        help=f"`{self._command}` finishes it or rolls it back",
                    )
                    return
                planned = plan(tree, folder, self._scope)
                differences = difference(planned, tree, folder)
        except FileNotFoundError:  # there is no output yet
            pass
        except OSError as error:
            fail(sentence(error))
        report_protected(planned, self.root, self._command, report)
        if planned.clean:
            return
        click.echo(differences, nl=False, err=self.form != "text")
        if planned.outdated:
            report.add(
                "stale-output",
                "the compiled tree does not match the spec",
                help=f"run `{self._command}` and commit the result",
            )

    def _text(self, report: Report) -> str:
        return as_text(report, self.data, str(self.file))

    def _show(self, result: Compilation) -> None:
        """Print the diagnostics. Ends the command if one is an error."""
        show(result.report, self.data, str(self.file), self.form)
        if result.report.failed:
            sys.exit(1)

    def _summary(self, planned: Plan, tree: Tree, result: Compilation) -> None:
        """Print a summary of the changes, and a note if one `kubectl apply -k` is not enough."""
        count = len([path for path in planned.write if path != SUMS])
        changes = f"{count} written" + (
            f", {len(planned.remove)} removed" if planned.remove else ""
        )
        environments = self.environments or result.environments
        note(
            f"{self.file}: {', '.join(environments)}: {len(tree)} files, "
            + (changes if count or planned.remove else "nothing changed")
        )
        for name in environments:
            roots = tree.get(f"overlays/{name}/ROOTS", "").count("\n")
            if roots:
                note(
                    f"{name}: too large for one root; overlays/{name}/ROOTS names its {roots} in order"
                )
        if set(tree) <= set(planned.write):
            self._next_steps(result.lowered[environments[0]])

    def _next_steps(self, lowered: Lowered) -> None:
        """Print the next commands after the first compile."""
        steps = list(after_compile(lowered, SpecLocation(self.file)))
        width = max(len(command) for command, _ in steps)
        note("next:")
        for command, purpose in steps:
            note(f"  {command:<{width}}  # {purpose}")


def _is_shipped(result: Compilation) -> bool:
    """Whether the compiler ships all component types, so that its own files say whether they changed."""
    return all(
        instance.section != "components" or instance.type in builtin_types()
        for platform in result.platforms.values()
        for instance in platform.instances.values()
    )


def _while_writing(result: Compilation, work: Callable[[], T], type: type[T]) -> Callable[[], T]:
    """Check many objects on another core while they are written.

    With few objects, that would save 3 % of the time and cost 7 % more processor time, because this process
    is copied (docs/performance.md).
    """
    packages = sum(len(lowered.all_packages) for lowered in result.lowered.values())
    return parallel.run(work, type) if packages >= _LARGE_BUILD else work
