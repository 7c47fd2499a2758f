"""`platformc init`: a first platform.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

import click

from compiler import kube
from compiler.commands import complete
from compiler.commands.examples import examples, sentence
from compiler.commands.output import fail, fail_unknown, note
from compiler.commands.verb import Verb
from compiler.delivery.steps import SpecLocation
from compiler.diagnostics import Report
from compiler.diagnostics.fix import Fix
from compiler.files import next_to_spec, open_folder, packaged
from compiler.fix.edit import edited
from compiler.load import load
from compiler.spec.types import NAME_PATTERN
from compiler.validate.json_schema import schema_text

# Plain Secrets; encrypted ones are committed (`secretNAME.sops.yaml`, `sealedsecretNAME.yaml`).
_IGNORED = "/secrets/*/secret-*.yaml\n!/secrets/*/secret-*.sops.yaml\n/.platformc/\n"
_SCHEMA = "# yaml-language-server: $schema=schemas/platform.schema.json\n"


@click.command(cls=Verb)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--lab", is_flag=True, help="A platform that fits kind on a laptop.")
@click.option(
    "--from", "example", metavar="NAME", help="Copy this example.",
    shell_complete=complete.examples,
)  # fmt: skip
@click.option("--list", "listed", is_flag=True, help="List the examples, with a sentence each.")
@click.option("--name", help="The platform's name.  [default: my-platform, or the example's]")
def command(folder: Path, lab: bool, example: str | None, listed: bool, name: str | None) -> None:
    """Write a first platform.yaml, its schema for editors, and a .gitignore.

    \b
    platformc init                      a commented platform of two environments
    platformc init --lab                one that fits a laptop
    platformc init --from two-teams     one of the examples
    """
    if listed:
        _list()
        return
    if lab and example:
        fail("`--lab` and `--from` name two starts; leave one out")
    if name:
        _check(name)
    text = _copied(example, name) if example else _started(lab, name)
    _write(folder, text)
    steps = [*_before_compile(text.encode(), folder)] if example else []
    change = "" if folder == Path() else f"cd {quote(str(folder))} && "
    if not steps:
        note(f"next: {change}platformc compile")
        return
    note("next:")
    for step in (*steps, f"{change}platformc compile"):
        note(f"  {step}")


def _before_compile(spec: bytes, folder: Path) -> Iterator[str]:
    """The steps that an example needs before it compiles: files of certificates, and the lock of models."""
    from compiler import pipeline  # not needed for the first spec

    for path, file in next_to_spec.read(spec, folder).items():
        if file.problem:
            yield f"write the certificate of your authority (PEM) into {folder / path}"
    options = SpecLocation(folder / "platform.yaml").options
    platforms = pipeline.resolved_text(spec, str(folder / "platform.yaml")).platforms
    for name, platform in platforms.items():
        if name is not None and platform.registered:
            yield f"platformc models lock {name}{options} --server URL  # the address of its registry"


def _check(name: str) -> None:

    if not re.fullmatch(NAME_PATTERN, name):
        fail(f"`{name}` is not a name: use `a-z`, `0-9` and `-`, and start with a letter")


def _list() -> None:
    specs = examples()
    width = max(map(len, specs))
    for name, spec in specs.items():
        click.echo(f"{name:<{width}}  {sentence(spec)}")


def _started(lab: bool, name: str | None) -> str:
    """The commented first spec."""
    template = "lab.yaml.j2" if lab else "platform.yaml.j2"
    return kube.render(__file__, template, name=name or "my-platform")


def _copied(example: str, name: str | None) -> str:
    """An example's text, with the platform's name replaced if one is given."""

    specs = examples()
    if example not in specs:
        fail_unknown("example", example, specs, "`platformc init --list` names them")
    data = packaged(specs[example])
    if name:
        document = load(data, example, Report())
        assert document is not None
        data = edited(data, Fix(document.at(("metadata", "name")).span, name))
    return _SCHEMA + data.decode()


def _write(folder: Path, text: str) -> None:
    """Write the spec, and the files for editors and git if they do not exist."""
    files = {
        "platform.yaml": text,
        "schemas/platform.schema.json": schema_text(),
        ".gitignore": _IGNORED,
    }
    with open_folder(folder, 0o755) as output:
        if output.status("platform.yaml") is not None:
            fail(
                f"{folder / 'platform.yaml'} exists, and is left as it is: edit it, or name another folder, "
                "`platformc init FOLDER`"
            )
        for path, content in files.items():
            if output.status(path) is None:
                output.create(path, [content.encode()])
                note(f"wrote {folder / path}")
