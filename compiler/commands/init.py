"""`platformc init`: a first platform.yaml."""

from __future__ import annotations

from pathlib import Path

import click

from compiler.commands.shared import fail, note


@click.command
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--lab", is_flag=True, help="A platform that fits kind on a laptop.")
@click.option("--name", default="my-platform", show_default=True, help="The platform's name.")
def command(folder: Path, lab: bool, name: str) -> None:
    """Write a first platform.yaml, its schema for editors, and a .gitignore.

    \b
    platformc init --lab
    platformc compile
    platformc secrets generate default
    kubectl apply --server-side -k secrets/default && kubectl apply --server-side -k overlays/default
    """
    import re

    from compiler import kube
    from compiler.spec.types import NAME_PATTERN
    from compiler.validate.json_schema import schema_text

    if not re.fullmatch(NAME_PATTERN, name):
        fail(f"`{name}` is not a name: use `a-z`, `0-9` and `-`, and start with a letter")
    spec = folder / "platform.yaml"
    if spec.exists():
        fail(f"{spec} exists; it is left as it is")
    template = "lab.yaml.j2" if lab else "platform.yaml.j2"
    files = {
        spec: kube.render(__file__, template, name=name),
        folder / "schemas" / "platform.schema.json": schema_text(),
        folder / ".gitignore": "/secrets/\n/.platformc/\n",
    }
    for path, text in files.items():
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            note(f"wrote {path}")
    note("next: platformc compile")
