"""`platformc client-kit`: the environment of a workload or model, for pods that platformc does not write and for
laptops.
"""

from __future__ import annotations

from pathlib import Path

import click

from compiler.commands import complete
from compiler.commands.compiling import compiled, environment_of, tenant_of
from compiler.commands.options import output_option, spec_option
from compiler.commands.output import note
from compiler.commands.verb import Verb
from compiler.delivery.client_kit import kit
from compiler.files import open_folder


@click.command(cls=Verb)
@click.argument("environment", metavar="ENV", shell_complete=complete.environments)
@click.argument("name", shell_complete=complete.clients)
@spec_option
@output_option
@click.option(
    "--container", default="main", show_default=True, help="The container that gets the variables."
)
def command(environment: str, name: str, file: Path, output: Path | None, container: str) -> None:
    """Write the environment of a workload or model to clients/ENV/NAME/: a kustomize Component, and `client.env`.

    \b
    platformc client-kit dev notebooks
    """
    result = compiled(file)
    graph = result.graphs[environment_of(result, environment)]
    instance = tenant_of(graph, name)
    root, folder = output or file.parent, f"clients/{environment}/{name}"
    files = kit(instance, graph.wiring(name), container)
    with open_folder(root, 0o755) as kits:
        for path, text in files.items():
            kits.replace(f"{folder}/{path}", text.encode())
    note(f"{root / folder}: for the namespace {instance.namespace}")
