"""`platformc vendor`: upstream releases into operators/, pinned by platform.lock."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from compiler.commands.compiling import compiled
from compiler.commands.options import spec_option
from compiler.commands.output import fail, fail_unknown, note
from compiler.commands.verb import Verb
from compiler.diagnostics.words import listing
from compiler.files import open_folder
from compiler.model.prerequisite import Prerequisite
from compiler.pipeline import Compilation
from compiler.spec.settings import Registry
from compiler.upstream import lock
from compiler.upstream.prerequisites import prerequisites, release, vendored
from compiler.upstream.releases import Vendored, VendorError, vendor
from compiler.upstream.written_files import written_files


@click.command(cls=Verb)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@spec_option
@click.option(
    "--from",
    "base",
    metavar="URL",
    help="Fetch from this HTTP mirror, which has a folder for each host.",
)
@click.option(
    "--update",
    is_flag=True,
    help="Accept a release with other files than in platform.lock.",
)
def command(names: tuple[str, ...], file: Path, base: str | None, update: bool) -> None:
    """Copy the releases of upstream systems into operators/, and pin them in platform.lock.

    Without a NAME, copy those of all instances with `install: vendored`.

    \b
    platformc vendor
    platformc vendor kserve --from https://mirror.example.internal/releases
    platformc apply-plan prod   # delivers them, with the platform's settings
    """
    result = compiled(file)

    locked = lock.written(file)
    selected = _selected(result, names)
    if not selected:
        note("no instance has `install: vendored`, so there is nothing to fetch")
        return
    operators, written = dict(locked.operators), locked.written
    registry = result.platforms[None].settings.registry
    for prerequisite in selected:
        before = {} if update else operators.get(prerequisite.name, {})
        vendored_release = _fetched(prerequisite, before, registry, base)
        _write(file, f"operators/{prerequisite.name}", vendored_release.files, prerequisite)
        operators[prerequisite.name] = vendored_release.digests
        written = _written(file, prerequisite.name, vendored_release, written)
    lock.write(file, locked._replace(operators=operators, written=written))
    note(f"{lock.path_of(file)}: {len(selected)} releases")


def _written(
    spec: Path, name: str, release: Vendored, earlier: Mapping[str, str]
) -> Mapping[str, str]:
    """The digests of all written files, with those of one release as they are on the disk now.

    Only its own files count, and no other file in its folder.
    """
    inside = f"operators/{name}/"
    elsewhere = {path: digest for path, digest in earlier.items() if not path.startswith(inside)}
    with open_folder(spec.parent) as root:
        present = written_files(name, root)
    return {**elsewhere, **{inside + file: present[inside + file] for file in release.files}}


def _fetched(
    prerequisite: Prerequisite, locked: Mapping[str, str], registry: Registry, base: str | None
) -> Vendored:
    """The release of an upstream system. Ends the command if it has none, or differs from the lock."""
    addresses = release(prerequisite)
    if not addresses:
        fail(
            f"{prerequisite.system} comes as a chart: install it as `platformc prerequisites` says",
            1,
        )
    try:
        return vendor(
            addresses, prerequisite.namespaces, locked, registry.mirrors, base or registry.releases
        )
    except VendorError as error:
        fail(str(error), 1)


def _selected(result: Compilation, names: tuple[str, ...]) -> list[Prerequisite]:
    """The upstream systems with these names, or else all vendored ones, of all environments."""
    by_name: dict[str, Prerequisite] = {}
    for name in result.environments:
        graph = result.lowered[name].graph
        if names:
            by_name |= {prerequisite.name: prerequisite for prerequisite in prerequisites(graph)}
        by_name |= {prerequisite.name: prerequisite for prerequisite in vendored(graph)}
    unknown = sorted(set(names) - set(by_name))
    if unknown:
        otherwise = f"the systems are {listing(by_name)}" if by_name else "the platform needs none"
        fail_unknown("upstream system", unknown[0], by_name, otherwise)
    return [by_name[name] for name in sorted(by_name) if not names or name in names]


def _write(spec: Path, folder: str, files: Mapping[str, str], prerequisite: Prerequisite) -> None:
    header = f"# {prerequisite.system} {prerequisite.version}, fetched by platformc; do not edit.\n"
    with open_folder(spec.parent) as root:
        for old in root.names(folder):
            if old.endswith(".yaml") and old not in files:
                root.remove(f"{folder}/{old}")
        for name, text in files.items():
            root.replace(f"{folder}/{name}", (header + text).encode())
    note(
        f"{spec.parent / folder}: {len(files) - 1} files of {prerequisite.system} {prerequisite.version}"
    )
