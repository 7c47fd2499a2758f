"""Lower a workload whose pods the user runs: a notebook server, an application, another chart.

It has no pods here, but all objects that its pods need: credentials, network policies for pods with its
labels, the files of the client environment, and a ConfigMap with its plain variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler import kube, model


def lower(me: model.Instance[Any], client: kube.Client) -> Iterator[model.Piece]:
    labels = {endpoint.binding.label: "true" for endpoint in client.endpoints}
    if labels:
        yield model.OperatorPods("pods", labels, account=me.spec.service_account or "")
    yield model.ConfigFiles(f"{me.name}-environment", me.namespace, client.plain)
    for endpoint in client.endpoints:
        credential = endpoint.binding.provides.endpoint.credential(endpoint.binding)
        if credential is not None:
            yield credential
