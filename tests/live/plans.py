"""Follows a plan that platformc prints, line by line, with a node in the place of a cluster.

Only the words of such plans are known; any other word is an error.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from base64 import b64encode
from collections.abc import Iterator

from live.control_plane import SERVERS
from live.platforms import Manifest, Platform, platformc
from live.pods.node import Node

KINDS = {"deployment": "Deployment", "statefulset": "StatefulSet", "job": "Job"}
DATABASE = re.compile(r"\$\{(\w+)_DATABASE:\?")  # a variable for the reader to set
PATIENCE = 120.0  # seconds for each step


def follow(plan: str, platform: Platform, node: Node) -> None:
    for line in plan.replace("\\\n", " ").splitlines():
        if line and not line.startswith("#"):
            text = ""
            for words in _piped(shlex.split(line)):
                text = _run(words, text, platform, node)


def _piped(words: list[str]) -> Iterator[list[str]]:
    while "|" in words:
        cut = words.index("|")
        yield words[:cut]
        words = words[cut + 1 :]
    yield words


def _run(words: list[str], standard_input: str, platform: Platform, node: Node) -> str:
    match words:
        case ["platformc", *rest]:
            return platformc(*rest, directory=platform.directory)
        case ["kubectl", "apply", "--server-side", "-k", "secrets/default"]:
            node.apply(platform.secrets())
        case ["kubectl", "apply", "--server-side", "-k", "overlays/default", "-l", selector]:
            node.apply(manifest for manifest in platform.manifests() if _has(manifest, selector))
        case ["kubectl", "rollout", "restart", resource, "-n", space]:
            node.restart(*_object(resource, space))
        case ["kubectl", "rollout", "status", resource, *_] | ["kubectl", "wait", _, resource, *_]:
            node.wait(PATIENCE, resource.split("/")[1])
        case ["kubectl", "delete", "job", name, "-n", space, "--ignore-not-found"]:
            node.delete("Job", space, name)
        case ["kubectl", "get", "secret", name, "-n", space, "-o", template]:
            return _printed(node.secret_values(space, name), template)
        case [":", stop, "&&", "psql", _, "-c", command]:  # in the server's pod, without a password
            database = DATABASE.match(stop)
            assert database, stop
            name = database[1].lower()
            return node.execute("mlops", "postgres", "psql", "-U", "postgres", name, "-c", command)
        case ["kubectl", "exec", "-i", "-n", space, resource, "-c", _, "--", *command]:
            return node.execute(
                space, resource.split("/")[1], *command, standard_input=standard_input
            )
        case _:
            raise AssertionError(f"nobody here knows: {shlex.join(words)}")
    return ""


def _printed(data: dict[str, str], template: str) -> str:
    """The result of kubectl's template for a Secret; `label --local` asks no server."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "held"},
        "data": {key: b64encode(value.encode()).decode() for key, value in data.items()},
    }
    words = [str(SERVERS), "kubectl", "label", "--local", "-f", "-", "a=b", "-o", template]
    return subprocess.run(
        words, input=json.dumps(secret), capture_output=True, text=True, check=True, timeout=30
    ).stdout


def _has(manifest: Manifest, selector: str) -> bool:
    labels = manifest["metadata"].get("labels", {})
    expected = (part.split("=") for part in selector.split(","))
    return all(labels.get(key) == value for key, value in expected)


def _object(resource: str, space: str) -> tuple[str, str, str]:
    kind, _, name = resource.partition("/")
    return KINDS[kind], space, name
