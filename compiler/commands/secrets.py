"""`platformc secrets`: list, generate and rotate the credentials of an environment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from shlex import quote

import click

from compiler.commands import complete
from compiler.commands.compiling import lowered_of
from compiler.commands.git import GitError, tracked
from compiler.commands.options import (
    environment_argument,
    list_format_option,
    location_of,
    output_option,
    spec_option,
)
from compiler.commands.output import fail, fail_unknown, note, print_steps
from compiler.commands.secrets_table import notes, secret_rows, table
from compiler.commands.verb import Group
from compiler.delivery.credentials import generation
from compiler.delivery.steps import SpecLocation
from compiler.files import is_there, real
from compiler.model.credential import Credential
from compiler.model.package import Lowered
from compiler.secrets import ciphertext, local, sealed, sops
from compiler.secrets.ciphertext import CipherError
from compiler.secrets.folder import Generated, folder_of
from compiler.secrets.local import UnreadableSecretError
from compiler.secrets.rotation import plan


@click.group(cls=Group)
def command() -> None:
    """List, generate and rotate the credentials of an environment.

    The compiled tree only names Secrets; it never contains their values.
    """


@command.command("list", short_help="List the required Secrets and their creators.")
@environment_argument
@spec_option
@list_format_option
def list_(environment: str | None, file: Path, form: str) -> None:
    """List the required Secrets with their namespaces, keys, creators and readers."""
    lowered = lowered_of(file, environment)
    rows = secret_rows(lowered)
    if form == "json":
        click.echo(json.dumps({"secrets": rows}, indent=2))
        return
    for line in table(rows):
        click.echo(line)
    for line in notes(rows):
        note(line)


@command.command
@environment_argument
@spec_option
@output_option
@click.option(
    "--rotate",
    multiple=True,
    metavar="SECRET",
    help="Make new values for this Secret; `secrets rotate` prints the whole rotation.",
    shell_complete=complete.secrets,
)
def generate(
    environment: str | None, file: Path, output: Path | None, rotate: tuple[str, ...]
) -> None:
    """Generate the missing Secrets in secrets/ENV/.

    With the provider `local`, the files are plain text for `kubectl apply -k`, and must not be in Git. With
    `sealed-secrets` and `sops`, the programs `kubeseal` and `sops` encrypt the files for Git.

    \b
    platformc secrets generate dev
    kubectl apply --server-side -k secrets/dev
    """
    lowered = lowered_of(file, environment)
    _changed(lowered, rotate)
    try:
        result = _generated(lowered, file.parent, output or file.parent, rotate)
    except (UnreadableSecretError, CipherError, OSError) as error:
        fail(str(error))
    counts = f"{len(result.created)} made, {len(result.unchanged)} kept"
    note(
        f"{result.folder}: {counts}"
        + (f", {len(result.rotated)} rotated" if result.rotated else "")
    )
    if lowered.platform.settings.secrets.provider == "local":
        _warn_of_tracked(result.folder)
    _next(lowered, SpecLocation(file, output), result)


def _next(lowered: Lowered, location: SpecLocation, result: Generated) -> None:
    """Print what follows: after a rotation, servers must get the new values and readers must restart."""
    environment = f"{lowered.platform.environment}{location.options}"
    if result.rotated:
        note(
            "next, the other commands of this plan, which deliver the new values and restart their readers:"
        )
        note(f"  platformc secrets rotate {environment} {' '.join(result.rotated)}")
    if result.created or not result.rotated:
        _, apply, *_ = generation(lowered, location)
        note("next:")
        note(f"  {apply}")
        note(f"  platformc apply-plan {environment}")


def _generated(lowered: Lowered, spec: Path, root: Path, rotate: Iterable[str]) -> Generated:
    """Generate the missing Secrets by the provider of the environment."""
    secrets = lowered.platform.settings.secrets
    environment = str(lowered.platform.environment)
    match secrets.provider:
        case "local":
            _refuse_tracked(root / folder_of(environment))
            return local.generate(lowered.credentials, environment, root, rotate)
        case "sealed-secrets":
            cipher = sealed.cipher(_certificate(spec, secrets.certificate))
        case "sops":
            cipher = sops.cipher()
        case provider:
            fail(
                f"secrets come from `{provider}`; `platformc secrets list {environment}` says which"
            )
    return ciphertext.generate(lowered.credentials, environment, root, cipher, rotate)


def _refuse_tracked(folder: Path) -> None:
    """Refuse plain values that Git tracks: somebody else may know them, or have chosen them.

    The mode of a file does not show it: a checkout with the mask 077 makes files of mode 0600 too.
    """
    if not is_there(folder):
        return
    try:
        names = tracked(folder)
    except GitError as error:
        fail(f"cannot tell whether git tracks {folder}: {error}")
    if names:
        path = quote(str(folder))
        fail(
            f"git tracks {_listed(folder, names)}, so others may know or have chosen the values: run "
            f"`git rm -rf {path}` to have new values made, or `git rm -rf --cached {path}` if the values are "
            "yours, and make pushed values anew with `--rotate`"
        )


def _listed(folder: Path, names: Sequence[str]) -> str:
    rest = f" and {len(names) - 1} more files there" if len(names) > 1 else ""
    return f"{folder / names[0]}{rest}"


def _warn_of_tracked(folder: Path) -> None:
    """Warn of new plain values that Git tracks, because a clone had files of these names before.

    The next commit would have them, even if `.gitignore` lists them.
    """
    try:
        names = tracked(folder)
    except GitError as error:
        note(f"warning: cannot tell whether git tracks {folder}: {error}")
        return
    if names:
        note(
            f"warning: git tracks {_listed(folder, names)}: run `git rm -rf --cached {quote(str(folder))}` "
            "before the next commit"
        )


def _certificate(spec: Path, name: str | None) -> Path | None:
    """The certificate's file, which must be in the spec's folder, also after following links."""
    if name is None:
        return None
    path = real(spec / name)
    if not path.is_relative_to(real(spec)):
        fail(f"{spec / name} leads out of {spec}")
    return path


@command.command(short_help="Print the commands that change Secrets, in order.")
@click.argument("environment", metavar="ENV", shell_complete=complete.environments)
@click.argument(
    "secrets", metavar="SECRET...", nargs=-1, required=True, shell_complete=complete.secrets
)
@spec_option
def rotate(environment: str, secrets: tuple[str, ...], file: Path) -> None:
    """Print the commands that change Secrets, in order. Only their readers restart.

    \b
    platformc secrets rotate dev mlflow-artifacts            read the commands
    platformc secrets rotate dev mlflow-artifacts | sh -e    run them
    """
    lowered = lowered_of(file, environment)
    print_steps(plan(lowered, _changed(lowered, secrets), location_of(file)))


def _changed(lowered: Lowered, names: Iterable[str]) -> tuple[Credential, ...]:
    """The credentials with these names. Ends the command if one does not exist or cannot change."""
    by_name = {credential.name: credential for credential in lowered.credentials}
    granted = {credential.name: credential.created_by for credential in lowered.granted}
    move, moving = (
        lowered.platform.settings.move,
        {binding.secret for binding in lowered.graph.mirrored},
    )
    for name in names:
        if name in granted:
            fail(f"the Secret `{name}` is made by {granted[name]}, which alone can change it")
        if name not in by_name:
            fail_unknown("Secret", name, by_name)
        if by_name[name].immutable_reason:
            fail(f"`{name}` stays as it is: {by_name[name].immutable_reason}")
        if name in moving and move is not None:
            fail(
                f"`{name}` opens {move.from_} and {move.to}, and this plan changes it in one of them: "
                "end the move first, then delete `move` from the spec"
            )
    return tuple(by_name[name] for name in names)
