"""Istio's charts, as the prerequisites of its components install them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

VERSION = "1.30.3"
# What the chart of a gateway waits for: istiod gives its pods their image and their configuration.
CONTROL_PLANE = "istiod"
REPOSITORY = "helm repo add istio https://istio-release.storage.googleapis.com/charts"


def install(name: str, chart: str, version: str, namespace: str, values: Iterable[str]) -> str:
    """The command that installs a chart under a name, with some values, such as `revision=canary`."""
    sets = "".join(f" --set {shlex.quote(value)}" for value in values)
    return f"helm install {name} istio/{chart} --version {version} -n {namespace}{sets} --wait"
