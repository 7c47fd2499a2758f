"""A pod's life: its init containers in order, then its containers, asked by their probes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from compiler.spec.quantity import in_bytes
from live.pods import container as containers
from live.pods import images, limits, network, probes, volumes
from live.pods.accounts import FOLDER as ACCOUNT
from live.pods.accounts import Accounts
from live.pods.disks import Disks
from live.pods.environment import environment, expand
from live.pods.netns import Netns
from live.pods.objects import ConfigError, Manifest, Objects

RETRY = 1.0  # seconds before a container starts again
GRACE = 10.0


class Host(Protocol):
    """The parts of its node that a pod needs."""

    place: Path
    objects: Objects
    disks: Disks
    network: Netns
    range: str  # the first byte of every address
    accounts: Accounts | None  # of the cluster that pods may ask

    def hosts_file(self, namespace: str) -> Path: ...
    def changed(self) -> None: ...


@dataclass
class Pod:
    node: Host
    namespace: str
    owner: Manifest
    name: str
    index: int
    template: Manifest
    job: bool
    retries: int
    claims: dict[str, Path] = field(default_factory=dict)
    ready: bool = False
    finished: bool = False
    failed: bool = False
    note: str = ""
    restarts: int = 0
    hosts: Path | None = None  # its own /etc/hosts

    def __post_init__(self) -> None:
        self.netns, self.address = network.pod(self.node.network, self.index, self.node.range)
        self.stopping = threading.Event()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.containers: dict[str, containers.Container] = {}
        self.place = self.node.place / "pods" / f"{self.namespace}_{self.name}_{self.index}"
        self.thread = threading.Thread(target=self._run, daemon=True)

    @property
    def spec(self) -> Manifest:
        spec: Manifest = self.template["spec"]
        return spec

    @property
    def labels(self) -> dict[str, str]:
        return self.template["metadata"].get("labels") or {}

    @property
    def instance(self) -> str:
        return str(self.labels.get("app.kubernetes.io/instance", ""))

    @property
    def hostname(self) -> str:
        return str(self.spec.get("hostname", self.name))

    def log(self, container: str) -> Path:
        return self.node.place / "logs" / f"{self.namespace}_{self.name}_{container}.log"

    # The life ----------------------------------------------------------------------------------

    def _run(self) -> None:
        self.node.network.enter()  # probes are asked from the node
        try:
            self._initialise()
            if self.job:
                self._complete()
            else:
                self._serve()
        except ConfigError as problem:
            self.failed, self.note = True, f"CreateContainerConfigError: {problem}"
        except OSError as problem:
            self.failed, self.note = True, str(problem)
        finally:
            self._set_ready(False)

    def _initialise(self) -> None:
        for init_container in self.spec.get("initContainers", ()):
            self._until_success(init_container)

    def _complete(self) -> None:
        for container in self.spec["containers"]:
            self._until_success(container)
        self.finished = not (self.failed or self.stopping.is_set())

    def _until_success(self, manifest: Manifest) -> None:
        """Run to the end, and again when it fails, as often as the Job's backoffLimit allows."""
        tries = 0
        while not (self.stopping.is_set() or self.failed):
            status = self._start(manifest).wait()
            if status == 0:
                return
            tries += 1
            self.restarts += 1
            self.note = f"{manifest['name']} exited {status}"
            self.failed = self.job and tries > self.retries
            self.stopping.wait(RETRY * min(tries, 5))

    def _serve(self) -> None:
        started: dict[str, bool] = {}
        misses, threshold = 0, min(map(_threshold, self.spec["containers"]))
        while not self.stopping.is_set():
            for container in self.spec["containers"]:
                name = container["name"]
                if name not in self.processes or self.processes[name].poll() is not None:
                    self._restart(container)
                    started[name] = False
                started[name] = started[name] or self.answers(container, "startupProbe")
            every = all(
                started[container["name"]] and self.answers(container, "readinessProbe")
                for container in self.spec["containers"]
            )
            misses = 0 if every else misses + 1
            self._set_ready(every or (self.ready and misses < threshold))
            self.stopping.wait(1 if self.ready else 0.3)

    def _restart(self, manifest: Manifest) -> None:
        if manifest["name"] in self.processes:
            self.restarts += 1
            self.note = f"{manifest['name']} exited {self.processes[manifest['name']].returncode}"
            self._set_ready(False)
            self.stopping.wait(RETRY)
        if not self.stopping.is_set():
            self._start(manifest)

    def answers(self, manifest: Manifest, kind: str) -> bool:
        """Whether a container answers one of its probes, or has none of the kind."""
        probe = manifest.get(kind)
        if not probe:
            return True
        return probes.succeeds(
            probe, manifest, self.address,
            lambda command, timeout: self.execute(manifest["name"], command, timeout).returncode,
        )  # fmt: skip

    def _set_ready(self, ready: bool) -> None:
        if ready != self.ready:
            self.ready = ready
            self.node.changed()

    # Containers --------------------------------------------------------------------------------

    def _start(self, manifest: Manifest) -> subprocess.Popen[bytes]:
        container = self.containers[manifest["name"]] = self._container(manifest)
        process = container.start(
            self.netns, self.place / manifest["name"], self.log(manifest["name"])
        )
        self.processes[manifest["name"]] = process
        return process

    def _container(self, container: Manifest) -> containers.Container:
        image = images.image(container["image"])
        objects = self.node.objects
        variables = {"PATH": image.search_path(), "HOSTNAME": self.hostname, "HOME": "/"}
        if self.node.accounts:
            variables |= self.node.accounts.variables()
        variables |= environment(container, self.namespace, objects, self._field)
        command = container.get("command") or image.entrypoint
        arguments = container.get("args") or (() if container.get("command") else image.command)
        return containers.Container(
            image=image,
            identity=containers.identity(self.spec, container),
            command=tuple(expand(word, variables) for word in (*command, *arguments)),
            environment=variables,
            mounts=tuple(self._mounts(container)),
            hosts=self.hosts or self.node.hosts_file(self.namespace),
            hostname=self.hostname,
            read_only=(container.get("securityContext") or {}).get("readOnlyRootFilesystem", False),
            workdir=container.get("workingDir", "/"),
            memory=_memory(container),
        )

    def _field(self, path: str) -> str:
        fields = {
            "metadata.name": self.name,
            "metadata.namespace": self.namespace,
            "status.podIP": self.address,
        }
        if path not in fields:
            raise ConfigError(f"a fieldRef to {path} is not known here")
        return fields[path]

    def _mounts(self, container: Manifest) -> list[containers.Mount]:
        declared = {volume["name"]: volume for volume in self.spec.get("volumes", ())}
        declared |= {name: {"name": name} for name in self.claims}
        actual = []
        for mount in container.get("volumeMounts", ()):
            if mount["name"] not in declared:
                raise ConfigError(f"volumeMount {mount['name']} is no volume of the pod")
            source, fixed = volumes.directory(
                declared[mount["name"]], self.claims, self.place / "volumes", self.namespace,
                self.node.objects, self._token,
            )  # fmt: skip
            empty_dir = declared[mount["name"]].get("emptyDir") or {}
            self.node.disks.empty_dir(self.instance, source, empty_dir.get("sizeLimit"))
            group = (self.spec.get("securityContext") or {}).get("fsGroup")
            if group is not None:
                volumes.give_to_group(source, group)
            source = source / mount.get("subPath", "")
            # This machine's /var/run is a link, which a bind mount would not follow as wanted.
            target = os.path.realpath(mount["mountPath"])
            actual.append(containers.Mount(target, source, fixed or mount.get("readOnly", False)))
        if self.node.accounts and self.spec.get("automountServiceAccountToken"):
            files = self.node.accounts.files(self.place / "account", self.namespace, self.spec)
            actual.append(containers.Mount(os.path.realpath(ACCOUNT), files, True))
        return sorted(actual, key=lambda mounted: mounted.target)

    def _token(self, audience: str) -> bytes:
        if self.node.accounts is None:
            raise ConfigError("no cluster here issues tokens")
        return self.node.accounts.token(self.namespace, self.spec, audience)

    def execute(
        self,
        container: str,
        command: tuple[str, ...],
        timeout: float = 60,
        standard_input: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a running container, as `kubectl exec` does."""
        process = _child(self.processes[container].pid)
        enter = ["nsenter", "-t", str(process), "-m", "-n", "-u", "-i", "-p", "-r"]
        line = [*enter, *self.containers[container].inside(("timeout", str(timeout), *command))]
        return subprocess.run(
            line, input=standard_input, capture_output=True, text=True, timeout=timeout + 20
        )

    def killed(self, container: str) -> int:
        """How often the kernel has killed a container that exceeded its memory limit."""
        return limits.kills(self.place / container)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL when the grace is over."""
        self.stopping.set()
        for process in self._running():
            _send(signal.SIGTERM, process)

    def kill(self) -> None:
        """At once, with all that it has started."""
        self.stopping.set()
        for process in self._running():
            _kill(process)

    def _running(self) -> list[subprocess.Popen[bytes]]:
        return [process for process in self.processes.values() if process.poll() is None]

    def gone(self) -> None:
        deadline = time.monotonic() + GRACE
        for process in self.processes.values():
            try:
                process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                _kill(process)
                process.wait()
        for name in self.processes:
            limits.forget(self.place / name)
        self.thread.join(20)
        self.netns.close()


def _threshold(manifest: Manifest) -> int:
    """How many answers in a row must fail until a container that was ready is so no more."""
    threshold: int = (manifest.get("readinessProbe") or {}).get("failureThreshold", 3)
    return threshold


def _memory(container: Manifest) -> int | None:
    limits = (container.get("resources") or {}).get("limits") or {}
    return in_bytes(limits["memory"]) if "memory" in limits else None


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The container, then the maker of its namespaces: its end alone would leave the other running, for
    a change of user takes back the signal that was to end it then (prctl(2), PR_SET_PDEATHSIG)."""
    _send(signal.SIGKILL, process)
    process.kill()


def _send(how: signal.Signals, process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(_child(process.pid), how)


def _child(pid: int) -> int:
    """The first process of a container: the only child of the one that made its namespaces."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return int(children[0]) if children else pid
