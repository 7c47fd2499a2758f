"""`platformc client-kit`: a workload's environment, for pods that platformc does not write and for
laptops.
"""

from __future__ import annotations

from pathlib import Path

import click

from compiler.commands import complete
from compiler.commands.compiling import compiled, environment_of
from compiler.commands.options import output_option, spec_option
from compiler.commands.output import fail_unknown, note
from compiler.commands.verb import Verb
from compiler.delivery.client_kit import kit
from compiler.files import open_folder


@click.command(cls=Verb)
@click.argument("environment", metavar="ENV", shell_complete=complete.environments)
@click.argument("workload", shell_complete=complete.workloads)
@spec_option
@output_option
@click.option(
    "--container", default="main", show_default=True, help="The container that gets the variables."
)
def command(
    environment: str, workload: str, file: Path, output: Path | None, container: str
) -> None:
    """Write the environment of a workload to clients/ENV/WORKLOAD/: a kustomize Component, and `client.env`.

    \b
    platformc client-kit dev notebooks
    """
    result = compiled(file)
    graph = result.graphs[environment_of(result, environment)]
    names = [
        instance.name for instance in graph.instances.values() if instance.section == "workloads"
    ]
    if workload not in names:
        fail_unknown("workload", workload, names)
    instance = graph.instances[workload]
    root, folder = output or file.parent, f"clients/{environment}/{workload}"
    files = kit(instance, graph.wiring(workload), container)
    with open_folder(root, 0o755) as kits:
        for path, text in files.items():
            kits.replace(f"{folder}/{path}", text.encode())
    note(f"{root / folder}: for the namespace {instance.namespace}")
