"""Run the command line; each command is a file in `commands/`, imported only when it is called."""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn, TextIO

import click

from compiler import __version__
from compiler.commands import terminal
from compiler.commands.verb import Group
from compiler.commands.verbs import SYNONYMS, VERBS

BUG = 70


class _Verbs(Group):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params += terminal.options()

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        verb_command: click.Command = import_module(_module(name)).command
        return verb_command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from compiler.diagnostics.words import closest

            close = SYNONYMS.get(args[0]) or closest(args[0], VERBS)
            hint = f" Did you mean `{close}`?" if close else " See `platformc --help`."
            ctx.fail(f"No such command `{args[0]}`.{hint}")
        return super().resolve_command(ctx, args)


def _module(verb: str) -> str:
    return f"compiler.commands.{verb.replace('-', '_')}"


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def platformc() -> None:
    """Compile one platform.yaml into Kustomize bases and overlays of an ML platform.

    \b
    platformc init               write a first platform.yaml
    platformc compile            compile it into base/, overlays/ and out/
    kubectl apply --server-side -k overlays/dev
    """


# Errors of a stream or disk that accepts no more data.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def main() -> None:
    """Run the command. Exit statuses: 0 success, 1 wrong input, 2 wrong usage, 70 a bug of the
    compiler.
    """
    _whole_or_error()
    # A command is short and keeps its objects, so garbage collection only costs time (an eighth).
    gc.disable()
    _without_plugins()
    try:
        _run()
    except BrokenPipeError:
        # The reader of the output has gone, as in `platformc render dev | head`.
        _discard(sys.stdout)
        sys.exit(1)
    except OSError as error:
        from compiler.files import sentence

        rest = "; the output is incomplete" if error.errno in _NO_ROOM else ""
        try:
            sys.stdout.flush()
        except OSError:
            # Python would try again when it ends, print a second message and change the status.
            _discard(sys.stdout)
        try:
            click.echo(f"platformc: {sentence(error)}{rest}", err=True)
        except OSError:
            _discard(sys.stderr)  # it is the stream that takes no more
        sys.exit(_status_of_failure())
    except Exception as error:
        _bug(error)


def _status_of_failure() -> int:
    """The exit status for output that cannot be written: 2, unless 2 says that something changes."""
    from compiler.commands import diff

    return diff.FAILED if diff.DETAILED in sys.argv else 2


def _discard(stream: TextIO) -> None:
    """Let the rest of a stream go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _without_plugins() -> None:
    """Keep plugins of pydantic away from the spec.

    Pydantic loads them from every installed package and shows them all values that it parses. Looking
    for them imports `importlib.metadata`, which takes a twentieth of a compile.
    """
    loader = ModuleType("pydantic.plugin._loader")
    vars(loader)["get_plugins"] = tuple
    sys.modules[loader.__name__] = loader


def _run() -> None:
    try:
        platformc.main(prog_name="platformc", standalone_mode=True)
    finally:
        # Python collects garbage once more when it ends; frozen objects are left out, and the system
        # frees them all at once. That is a seventh of a compile's processor time.
        gc.freeze()
        # Flush here, because errors of a stream that takes no more are handled here.
        sys.stdout.flush()
        sys.stderr.flush()


def _whole_or_error() -> None:
    """Ensure that exit status 0 means complete output: callers delete objects that are not in it.

    Without standard output, printing would silently do nothing. With unbuffered output
    (PYTHONUNBUFFERED, as in many images), Python drops the rest of an interrupted write.
    """
    if sys.stderr is None:
        # Else the next opened file would take the descriptor, and our messages would go into it.
        while (descriptor := os.open(os.devnull, os.O_RDWR)) < 2:
            pass
        if descriptor > 2:
            os.close(descriptor)
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115  # for as long as the process lives
    if sys.stdout is None:
        click.echo("platformc: there is no standard output", err=True)
        sys.exit(_status_of_failure())
    if not isinstance(sys.stdout.buffer, io.BufferedWriter):
        sys.stdout = open(  # noqa: SIM115  # open for as long as the process lives
            1, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors, closefd=False
        )
    _encode_output()


def _encode_output() -> None:
    """Write files and pipes in UTF-8, in which code hosts and other programs read Markdown and JSON.

    Python would take the encoding of the locale. A terminal keeps it, and shows an escape for a sign that it lacks.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="backslashreplace")
        else:
            sys.stdout.reconfigure(encoding="utf-8")


def _bug(error: Exception) -> NoReturn:
    """Report an exception as a bug of the compiler, without any text of the spec, and end."""
    import traceback

    from compiler.registry import author_error

    if os.environ.get("PLATFORMC_TRACEBACK"):
        traceback.print_exc()
    # An exception's message could quote the spec, and so a value that must not be printed.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    position = f"{type(error).__name__} in {os.path.basename(frame.filename)}:{frame.lineno}"
    component = author_error(error)
    if component is None:
        message = f"this is a bug in the compiler; nothing was changed.\n{position}"
    else:
        message = (
            f"this is a bug in the component `{component.type}`; nothing was changed.\n"
            f"{component.file}: {component.problem}"
        )
    click.echo(
        f"platformc {__version__}: {message}\n"
        "Please report it with the spec that caused it; PLATFORMC_TRACEBACK=1 shows the stack.",
        err=True,
    )
    sys.exit(BUG)
