"""`platformc argocd`: delivery by Argo CD."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import click

from compiler.commands.choice import Choice
from compiler.commands.compiling import compiled, environment_of
from compiler.commands.options import spec_option
from compiler.commands.output import fail, note
from compiler.commands.render import only
from compiler.commands.spec_file import NAME, STDIN
from compiler.commands.verb import Group
from compiler.delivery.argocd import applications as argocd_applications
from compiler.delivery.argocd import plugin as argocd_plugin
from compiler.delivery.argocd.applications import Road
from compiler.delivery.argocd.request import BadRequestError, Request, parse
from compiler.emit.manifests import render
from compiler.files import is_there, open_folder, real
from compiler.kube import yaml
from compiler.pipeline import Compilation
from compiler.spec.image import split_image

namespace_option = click.option(
    "--namespace", default="argocd", show_default=True, help="Where Argo CD is installed."
)

# Argo CD gives it to each call of a plugin (3.5.7, reposerver).
_STARTED_BY_ARGO_CD = "ARGOCD_APP_NAME"


@click.group(cls=Group)
def command() -> None:
    """Install the rendering plugin, run it, and declare the applications."""


@command.command(short_help="Emit the plugin, for the kustomization that installs Argo CD.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Write a kustomize Component into this directory.",
)
@click.option("--image", required=True, help="The sidecar's image (argocd/Containerfile makes it).")
@namespace_option
def plugin(output: Path | None, image: str, namespace: str) -> None:
    """Emit the plugin's file, its ConfigMap, and the sidecar of Argo CD's repository server.

    \b
    platformc argocd plugin --image registry.example.com/platformc-plugin:0.1.0 -o argocd/plugin
    """
    if not split_image(image)[0]:
        fail(f"`{image}` is not an image reference")
    files = {
        "configmap.yaml": argocd_plugin.config_map(namespace),
        "sidecar.yaml": argocd_plugin.sidecar(namespace, image),
    }
    if output is None:
        click.echo(yaml.dump_all(yaml.dump(manifest) for manifest in files.values()), nl=False)
        return
    files |= {
        "kustomization.yaml": argocd_plugin.component(),
        "plugin.yaml": argocd_plugin.plugin(),
    }
    with open_folder(output, 0o755) as folder:
        for name, manifest in files.items():
            folder.replace(name, yaml.dump(manifest).encode())
    note(f"{output}: name it under `components:` in the kustomization that installs Argo CD")


@command.command
@spec_option
def generate(file: Path) -> None:
    """Print only the manifests that Argo CD requests. The plugin runs this.

    Reads the application's parameters from the variables that Argo CD sets. Any error ends it with a
    status: Argo CD would read an empty output as an empty platform.
    """
    try:
        request = parse(os.environ)
    except BadRequestError as error:
        fail(str(error), 1)
    _limit_memory()
    try:
        text = _rendered(file, request)
    except MemoryError:
        most = argocd_plugin.MOST_MEMORY // 2**20
        fail(f"the spec needs more memory than the plugin has for it ({most} MiB)", 1)
    click.echo(text, nl=False)


def _limit_memory() -> None:
    """Limit the memory of this process where Argo CD's plugin server started it.

    Without the limit, the kernel would end the processes of other applications in the sidecar.
    """
    if _STARTED_BY_ARGO_CD in os.environ:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = argocd_plugin.MOST_MEMORY
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _rendered(file: Path, request: Request) -> str:
    """The requested manifests of a spec. Ends the command if there are none."""
    only_environment = (request.environment,) if request.environment else None
    result = compiled(file, only=only_environment, most_values=argocd_plugin.MOST_VALUES)
    environment = environment_of(result, request.environment or _only(result))

    lowered = result.lowered[environment]
    text = render(only(lowered, request.component) if request.component else lowered)
    if not text.strip():
        fail(f"`{environment}` renders to nothing; Argo CD would delete all that it holds", 1)
    return text


def _only(result: Compilation) -> str:
    if len(result.environments) != 1:
        names = ", ".join(f"`{name}`" for name in result.environments)
        fail(f"the parameter `environment` is missing; the environments are {names}", 1)
    return result.environments[0]


@command.command
@spec_option
@click.option("--repo", required=True, metavar="URL", help="The repository with the spec.")
@click.option("--revision", default="main", show_default=True, help="The branch, tag or commit.")
@click.option(
    "--path",
    default=None,
    help="The spec's folder in the repository.  [default: as in this checkout, else .]",
)
@click.option(
    "--road",
    type=Choice(["plugin", "rendered"]),
    default="plugin",
    show_default=True,
    help="Render by the plugin, or read the files in out/.",
)
@click.option(
    "--set", "as_set", is_flag=True, help="Print one ApplicationSet for all environments."
)
@namespace_option
def applications(
    file: Path, repo: str, revision: str, path: str | None, road: Road, as_set: bool, namespace: str
) -> None:
    """Emit an AppProject, and an Application for each environment.

    \b
    platformc argocd applications --repo https://git.example.com/ml/platform.git
    platformc argocd applications --repo ... --road rendered --set
    """
    if not repo.strip():
        fail("the address of the repository (`--repo`) is empty")
    if road == "plugin" and file != STDIN and file.name != NAME:
        fail(
            f"the plugin reads {NAME}, and not {file.name}: rename the spec, or use `--road rendered`"
        )
    result = compiled(file)

    if road == "rendered" and not result.platforms[None].settings.rendered:
        fail("the files in out/ are not written; set `spec.rendered: true`", 1)
    origin = argocd_applications.Origin(
        repository=repo, revision=revision, path=path or _folder_in_checkout(file), road=road,
        namespace=namespace,
    )  # fmt: skip
    environments = {name: result.lowered[name] for name in result.environments}
    objects = [argocd_applications.project(environments, origin)]
    if as_set:
        objects.append(argocd_applications.application_set(environments, origin))
    else:
        objects += argocd_applications.applications(environments, origin)
    click.echo(yaml.dump_all(yaml.dump(manifest) for manifest in objects), nl=False)


def _folder_in_checkout(file: Path) -> str:
    """The spec's folder, from the top of the checkout that it is in; `.` if it is in none."""
    folder = real(file.parent)
    for top in (folder, *folder.parents):
        if is_there(top / ".git"):
            return folder.relative_to(top).as_posix()
    return "."
