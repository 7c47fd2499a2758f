"""A real Kubernetes node with its control plane, and the commands of a person: kubectl and platformc."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from cluster.paths import CACHE, LIVE

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STATE = CACHE / "state"
ROOM = 20 * 2**30  # bytes
Manifest = dict[str, Any]
# Pods that no test brought.
SYSTEM = ("kube-system", "local-path-storage")


class Node:
    """One node. Commands find `kubectl` and `platformc` on their path, and the node by KUBECONFIG."""

    def __init__(self, folder: Path) -> None:
        self.place = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        (self.bin / "kubectl").symlink_to(LIVE / "bin/servers")
        (self.bin / "helm").symlink_to(LIVE / "operators/helm/helm")
        command = f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m compiler "$@"'
        (self.bin / "platformc").write_text(f"#!/bin/sh\n{command}\n")
        (self.bin / "platformc").chmod(0o755)
        self.env = {
            **os.environ,
            "KUBECONFIG": str(STATE / "kubeconfig"),
            **{f"HELM_{name}_HOME": str(folder / "helm") for name in ("CACHE", "CONFIG", "DATA")},
            "PATH": f"{self.bin}:{os.environ['PATH']}",
        }
        self._script("up.sh", str(free_port()))

    def _script(self, name: str, *words: str) -> None:
        process = subprocess.run(
            [str(HERE / "host" / name), *words], capture_output=True, text=True
        )
        assert process.returncode == 0, f"{name}: {process.stdout}{process.stderr}{_logs()}"

    def on_node(self, *words: str, stdin: bytes = b"") -> str:
        """The output of a command on the node."""
        command = [str(HERE / "host/enter.sh"), *words]
        process = subprocess.run(command, input=stdin, capture_output=True, timeout=300)
        assert process.returncode == 0, f"{' '.join(words)}: {process.stdout!r}{process.stderr!r}"
        return process.stdout.decode()

    def close(self) -> None:
        self._script("down.sh")

    def shell(self, commands: str, directory: Path, timeout: float = 1200) -> str:
        """Commands as a person types them, each of which must succeed; their output."""
        process = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands], cwd=directory, env=self.env,
            capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip
        assert process.returncode == 0, f"{commands}\n{process.stdout}{process.stderr}"
        return process.stdout

    def kubectl(self, *words: str, stdin: str = "") -> str:
        result = self.ask(*words, stdin=stdin)
        assert result.returncode == 0, f"kubectl {' '.join(words)}: {result.stdout}{result.stderr}"
        return result.stdout

    def ask(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(self.bin / "kubectl"), "--request-timeout=60s", *words]
        return subprocess.run(
            command, env=self.env, input=stdin, capture_output=True, text=True, timeout=900
        )

    def apply(self, manifests: Iterable[Manifest]) -> None:
        text = yaml.safe_dump_all(manifests)
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text)

    def get(self, *words: str) -> Any:
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def until(self, question: Callable[[], bool], condition: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not question():
            assert time.monotonic() < deadline, f"no {condition} after {seconds:.0f} s"
            time.sleep(2)

    def until_complete(self, namespace: str, labels: str, seconds: float) -> None:
        """Every Job with these labels is complete."""

        def complete() -> bool:
            return all(
                any(
                    condition["type"] == "Complete" and condition["status"] == "True"
                    for condition in conditions
                )
                for job in self.get("jobs", "-n", namespace, "-l", labels)["items"]
                for conditions in [job["status"].get("conditions", [])]
            )

        self.until(complete, f"complete Jobs with {labels}", seconds)

    def run(self, pod: Manifest, seconds: float) -> str:
        """The output of a pod that ends well; it is taken away then."""
        space, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        self.apply([pod])

        def phase() -> str:
            return str(self.get("pod", name, "-n", space)["status"]["phase"])

        self.until(lambda: phase() in ("Succeeded", "Failed"), f"end of {name}", seconds)
        printed = self.kubectl("logs", name, "-n", space)
        assert phase() == "Succeeded", printed
        self.kubectl("delete", "pod", name, "-n", space)
        return printed

    def until_well(self, seconds: float) -> None:
        """Every pod runs and is ready, or has completed; every Job is complete."""
        self.until(lambda: not self.unwell(), "platform that is well", seconds)

    def unwell(self) -> list[str]:
        """Objects that do not run, by namespace and name. A Job's pod that failed is its Job's to try again."""
        actual = []
        for pod in self.get("pods", "-A")["items"]:
            owners = pod["metadata"].get("ownerReferences", [])
            ready = {
                condition["type"]: condition["status"]
                for condition in pod["status"].get("conditions", [])
            }
            of_job = any(owner["kind"] == "Job" for owner in owners)
            well = pod["status"]["phase"] == "Succeeded" or ready.get("Ready") == "True"
            if not well and not of_job:
                actual.append(_name(pod))
        for job in self.get("jobs", "-A")["items"]:
            result = {
                condition["type"]: condition["status"]
                for condition in job["status"].get("conditions", [])
            }
            if result.get("Complete") != "True" and not job["spec"].get("suspend"):
                actual.append(_name(job))
        return actual

    def restarts(self) -> Counter[str]:
        """How often containers started again, and pods of Jobs failed, by namespace and name."""
        counts: Counter[str] = Counter()
        for pod in self.get("pods", "-A")["items"]:
            status = pod["status"]
            for container in (
                *status.get("initContainerStatuses", ()), *status.get("containerStatuses", ()),
            ):  # fmt: skip
                name = f"{pod['metadata']['namespace']}/{container['name']}"
                counts[name] += container["restartCount"]
        for job in self.get("jobs", "-A")["items"]:
            counts[_name(job)] += job["status"].get("failed", 0)
        return +counts

    def report(self) -> str:
        """The state of every pod, the last lines of those that are not well, and all warnings."""
        parts = [self.ask("get", "pods,jobs", "-A", "-o", "wide").stdout]
        for name in self.unwell():
            kind, space, word = name.split("/")
            words = ("logs", f"{kind.lower()}/{word}", "-n", space, "--all-containers", "--tail=8")
            parts.append(f"{name}\n{self.ask(*words).stdout[-3000:]}")
        columns = "custom-columns=A:.involvedObject.namespace,B:.involvedObject.name,C:.message"
        events = ("get", "events", "-A", "--field-selector", "type=Warning", "-o", columns)
        parts.append(self.ask(*events).stdout[-6000:])
        return "\n".join(parts)


def _name(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    return f"{manifest['kind']}/{metadata['namespace']}/{metadata['name']}"


def make_room() -> None:
    """Remove unpacked images where the disk has less than ROOM left. The next node unpacks its own again, which takes
    less than a minute, but their removal may take longer."""
    if shutil.disk_usage(CACHE).free < ROOM:
        shutil.rmtree(STATE / "var/containerd", ignore_errors=True)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _logs() -> str:
    """The last lines of the processes on the node, where it did not come up."""
    parts = []
    for path in sorted((STATE / "log").glob("*.log")):
        lines = path.read_text(errors="replace").splitlines()[-8:]
        parts.append("\n".join([f"--- {path.name}", *(line[:300] for line in lines)]))
    return "\n".join(parts)
