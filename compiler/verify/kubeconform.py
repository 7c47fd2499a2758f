"""The second judge of the output: the real kubeconform, where it is installed."""

from __future__ import annotations

import json
import subprocess

from compiler import KUBERNETES_SCHEMAS
from compiler.verify.schemas import schemas


def command(*more: str) -> list[str]:
    """kubeconform with the pinned schemas, strict as ours are."""
    folder = schemas()
    crds = f"{folder}/crds/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json"
    builtin = f"{folder}/{KUBERNETES_SCHEMAS}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    locations = ("-schema-location", builtin, "-schema-location", crds)
    return ["kubeconform", "-strict", *locations, *more]


def problems(manifests: str) -> list[str]:
    """What kubeconform says against a stream of manifests, with the same pinned schemas.

    Raises FileNotFoundError where it is not on the PATH.
    """
    asked = command("-output", "json", "-")
    done = subprocess.run(asked, input=manifests, capture_output=True, text=True, check=False)  # noqa: S603  # a list, no shell
    try:
        found = json.loads(done.stdout)["resources"]
    except (json.JSONDecodeError, KeyError):
        return [done.stderr.strip() or "kubeconform failed without a word"]
    bad = [one for one in found if one["status"] != "statusValid"]
    listed = [f"{one['kind']} {one['name']}: {one['msg']}" for one in bad]
    return listed or ([f"kubeconform ended with {done.returncode}"] if done.returncode else [])
