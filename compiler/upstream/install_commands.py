"""Write the commands that install upstream systems and set the required fields of their objects."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from compiler.model.custom_resource import is_custom, kubectl_kind
from compiler.model.manifest import Manifest
from compiler.model.prerequisite import Prerequisite
from compiler.upstream.settings_files import patch_file


def vendored_commands(prerequisite: Prerequisite, folder: str) -> Iterator[str]:
    """Commands that apply a vendored release with its settings, and wait until it runs.

    `folder` is the compiled kustomization of `vendored_root`, quoted for a shell. The kinds of some objects are defined, and their
    webhooks run, only when the first objects are applied: so the command is repeated until all are.
    """
    options = "--server-side"
    if any("--force-conflicts" in command for command in prerequisite.how):
        options += " --force-conflicts"
    # Without a release in `operators/`, the repetition would have no end.
    yield f"kubectl kustomize {folder} >/dev/null"
    yield f"until kubectl apply {options} -k {folder} ; do sleep 5; done"
    for command in prerequisite.how:
        if "https://" not in command and " create namespace " not in command:
            yield command


def namespace_commands(prerequisite: Prerequisite, folder: str) -> Iterator[str]:
    """Commands that create and label the namespaces of the mesh.

    They come before the release, because a mesh adds its proxy to pods when they are created.
    """
    for manifest in prerequisite.objects:
        if manifest["kind"] == "Namespace":
            yield _create(manifest)
            yield patch_command(prerequisite, manifest, folder)


def install_commands(prerequisite: Prerequisite, releases: str | None = None) -> tuple[str, ...]:
    """Commands that install the release, after `namespace_commands`.

    `releases` is a web server with a folder for each host of upstream's.
    """
    created = {
        _create(manifest) for manifest in prerequisite.objects if manifest["kind"] == "Namespace"
    }
    commands = (command for command in prerequisite.how if command not in created)
    if releases is None:
        return tuple(commands)
    return tuple(command.replace("https://", f"{releases.rstrip('/')}/") for command in commands)


def upgrade_commands(prerequisite: Prerequisite, releases: str | None = None) -> tuple[str, ...]:
    """The commands that install a release where an earlier one is installed."""
    return tuple(
        command.replace("helm install ", "helm upgrade --install ")
        for command in install_commands(prerequisite, releases)
        if not command.startswith("kubectl create namespace ")
    )


def patch_commands(prerequisite: Prerequisite, folder: str) -> Iterator[str]:
    """kubectl commands that patch an installed upstream system."""
    for manifest in prerequisite.objects:
        if manifest["kind"] != "Namespace":
            yield patch_command(prerequisite, manifest, folder)


def _create(namespace: Manifest) -> str:
    return f"kubectl create namespace {namespace['metadata']['name']}"


def patch_command(prerequisite: Prerequisite, manifest: Manifest, folder: str) -> str:
    """The command that sets the required fields of one of upstream's objects."""
    path = quote(f"{folder}/{prerequisite.name}/{patch_file(manifest)}")
    return f"{patching(manifest)} --patch-file {path}"


def patching(manifest: Manifest) -> str:
    """The command that patches an object, without the patch."""
    metadata = manifest["metadata"]
    space = f" -n {metadata['namespace']}" if "namespace" in metadata else ""
    # kubectl's default, a strategic merge, works only for built-in kinds.
    merge_option = " --type merge" if is_custom(manifest) else ""
    return f"kubectl patch {kubectl_kind(manifest)} {metadata['name']}{space}{merge_option}"
