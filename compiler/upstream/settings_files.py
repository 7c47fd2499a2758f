"""Write the required settings of upstream's own objects as files of kustomize, in `prerequisites/`."""

from __future__ import annotations

from compiler.kube import yaml
from compiler.kube.kustomize import COMPONENT, KUSTOMIZATION
from compiler.model.custom_resource import is_custom
from compiler.model.manifest import Manifest
from compiler.model.prerequisite import Prerequisite


def component(prerequisite: Prerequisite) -> dict[str, str]:
    """The required fields of upstream's own objects, as the files of a kustomize Component."""
    return _settings(prerequisite, COMPONENT) if prerequisite.objects else {}


def vendored_root(prerequisite: Prerequisite) -> dict[str, str]:
    """A vendored release with the required fields, as the files of a kustomization in `prerequisites/`.

    Later deliveries apply both again. Separate commands would undo the settings each time, and set
    them again.
    """
    release_folder = f"../../../operators/{prerequisite.name}"
    return _settings(prerequisite, {**KUSTOMIZATION, "resources": [release_folder]})


def _settings(prerequisite: Prerequisite, kustomization: Manifest) -> dict[str, str]:
    """Patches of upstream's objects, and the kustomization that lists them."""
    files = {patch_file(manifest): yaml.dump(manifest) for manifest in prerequisite.objects}
    patches = [_patch(manifest) for manifest in sorted(prerequisite.objects, key=patch_file)]
    listing = {**kustomization, "patches": patches} if patches else kustomization
    return {**files, "kustomization.yaml": yaml.dump(listing)}


def _patch(manifest: Manifest) -> Manifest:
    """The entry of a patch. A release may add a namespace to an object, so kind and name identify it."""
    metadata = manifest["metadata"]
    if "namespace" in metadata or not is_custom(manifest):
        return {"path": patch_file(manifest)}
    return {
        "path": patch_file(manifest),
        "target": {"kind": manifest["kind"], "name": metadata["name"]},
    }


def patch_file(manifest: Manifest) -> str:
    """The name of the file with the patch of an object."""
    return f"patch-{manifest['kind'].lower()}-{manifest['metadata']['name']}.yaml"
