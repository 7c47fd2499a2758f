"""Asks the programs that `build.sh` makes of upstream's own code."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

LIVE = Path(os.environ.get("PLATFORMC_LIVE", Path.home() / ".cache/platformc-live"))
PROGRAMS, OPERATORS = LIVE / "upstream", LIVE / "operators"
# The values of istiod's chart that `prerequisites` prints.
ISTIOD = ("pilot.cni.enabled=true", "global.proxy.seccompProfile.type=RuntimeDefault")
POD = """
apiVersion: v1
kind: Pod
metadata: {name: server, namespace: models, annotations: {sidecar.istio.io/nativeSidecar: "true"}}
spec: {containers: [{name: server, image: server}]}
"""


def containers(program: str) -> list[dict[str, Any]]:
    """The containers that a system adds to pods, by the program of a release."""
    return _istio() if program == "istio" else json.loads(_ask(program, "containers", ""))


def unread(name: str, maps: Iterable[tuple[str, Mapping[str, str]]]) -> list[str]:
    """The keys of ConfigMaps that a system's parsers refuse, or that change nothing of their result."""
    data = [{"name": name, "data": dict(data)} for name, data in maps]
    problems: list[str] = json.loads(_ask(name, "unread", json.dumps(data)))
    return problems


def installed(servings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each KnativeServing: the `objects` that Knative's operator installs, or its `refusal`."""
    answers: list[dict[str, Any]] = json.loads(
        _ask("knative_operator", "", json.dumps([*servings]))
    )
    return answers


def _ask(program: str, question: str, input: str) -> str:
    variables = {
        "SYSTEM_NAMESPACE": "knative-serving",
        "RELEASE": str(PROGRAMS / f"{program}.yaml"),
        "KO_DATA_PATH": str(PROGRAMS / "knative-releases"),
    }
    command = [str(PROGRAMS / program), question]
    return _output(command, {**os.environ, **variables}, input)


def _output(command: list[str], environment: Mapping[str, str], input: str = "") -> str:
    return subprocess.run(
        command, input=input, env=dict(environment), text=True, check=True, capture_output=True, timeout=120
    ).stdout  # fmt: skip


def _istio() -> list[dict[str, Any]]:
    """istiod's chart with the printed values; `istioctl` runs its template on a pod."""
    values = [argument for value in ISTIOD for argument in ("--set", value)]
    (chart,) = (OPERATORS / "istio/charts").glob("istiod-*.tgz")
    helm = str(OPERATORS / "helm/helm")
    texts = _output(
        [helm, "template", "istiod", str(chart), "-n", "istio-system", *values], os.environ
    )
    data = {
        manifest["metadata"]["name"]: manifest["data"]
        for manifest in yaml.load_all(texts, yaml.CSafeLoader)
        if manifest and manifest["kind"] == "ConfigMap"
    }
    injector = data["istio-sidecar-injector"]
    files = {
        "injectConfigFile": injector["config"], "valuesFile": injector["values"],
        "meshConfigFile": data["istio"]["mesh"], "filename": POD,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text)
        arguments = [f"--{name}={folder}/{name}" for name in files]
        # A revision, and no cluster to ask for one.
        command = [
            str(OPERATORS / "istio/istioctl"),
            "kube-inject",
            "--revision=default",
            *arguments,
        ]
        answer = _output(command, {**os.environ, "KUBECONFIG": "/dev/null"})
    pod = next(yaml.load_all(answer, yaml.CSafeLoader))["spec"]
    return [
        _row(container, init=init)
        for key, init in (("initContainers", True), ("containers", False))
        for container in pod.get(key, ())
        if container["name"] != "server"
    ]


def _row(container: dict[str, Any], *, init: bool) -> dict[str, Any]:
    return {
        "name": container["name"],
        "init": init,
        "securityContext": container.get("securityContext"),
        "resources": container.get("resources", {}),
        "ports": [port["containerPort"] for port in container.get("ports", ())],
    }
