"""Check the output with kubeconform as well, if it is installed."""

from __future__ import annotations

import json
import subprocess

from compiler import KUBERNETES_SCHEMAS
from compiler.verify.schemas import schemas


def command(*arguments: str) -> list[str]:
    """The kubeconform command with the pinned schemas, as strict as platformc's own check."""
    folder = schemas()
    crds = f"{folder}/crds/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json"
    builtin = f"{folder}/{KUBERNETES_SCHEMAS}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    locations = ("-schema-location", builtin, "-schema-location", crds)
    return ["kubeconform", "-strict", *locations, *arguments]


def problems(manifests: str) -> list[str]:
    """kubeconform's problems with a stream of manifests.

    Raises FileNotFoundError if kubeconform is not on the PATH.
    """
    arguments = command("-output", "json", "-")
    process = subprocess.run(  # noqa: S603  # a list, no shell
        arguments, input=manifests, capture_output=True, text=True, check=False
    )
    try:
        results = json.loads(process.stdout)["resources"]
    except (json.JSONDecodeError, KeyError):
        return [process.stderr.strip() or "kubeconform failed without a word"]
    invalid = [result for result in results if result["status"] != "statusValid"]
    messages = [f"{result['kind']} {result['name']}: {result['msg']}" for result in invalid]
    return messages or (
        [f"kubeconform ended with {process.returncode}"] if process.returncode else []
    )
