"""A node that runs applied workloads: pods, Services between them, and volumes that stay."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from live.pods import network, services
from live.pods.objects import WORKLOADS, Manifest, Objects, pod_template
from live.pods.pod import Pod


class Node:
    """Start with `apply`, look with `wait` and `execute`, end with `close`."""

    def __init__(self, folder: Path) -> None:
        self.place = folder
        self.objects = Objects()
        self.network = network.node()
        self.forwarder = services.Forwarder(self.network)
        self.lock = threading.RLock()
        self.pods: dict[tuple[str, str, str], list[Pod]] = {}
        self.addresses: dict[tuple[str, str], str] = {}
        self.known: dict[str, Pod] = {}  # by their addresses, also those that are gone
        self.count = 0

    # Applying ----------------------------------------------------------------------------------

    def apply(self, manifests: Iterable[Manifest], *, without: Iterable[str] = ()) -> None:
        """Start new pods, and start anew those with another pod template, as controllers do."""
        before = dict(self.objects.found)
        self.objects.apply(manifests)
        for namespace, name, _ in self.objects.of("Service"):
            self._address(namespace, name)
        for namespace, name, manifest in self.objects.of(*WORKLOADS):
            key = (manifest["kind"], namespace, name)
            old = before.get(key)
            if name in without or (old and pod_template(old) == pod_template(manifest)):
                continue
            self.stop(*key)
            self._start(key, manifest)

    def restart(self, kind: str, namespace: str, name: str) -> None:
        """`kubectl rollout restart`: the same pod, with Secrets and files read anew."""
        self.stop(kind, namespace, name)
        self._start((kind, namespace, name), self.objects.get(kind, namespace, name))

    def run(
        self,
        namespace: str,
        name: str,
        *,
        command: tuple[str, ...] = (),
        template: Manifest | None = None,
        instead: Mapping[str, str] | None = None,
    ) -> Pod:
        """A Job from a CronJob or another Job, as `kubectl create job --from` makes one.

        `instead` are addresses of the pod's own for some of the names that it knows.
        """
        template = template or self.template(namespace, name)
        if command:
            template = commanded(template, command)
        return self._alone("Job", namespace, name, template, instead)

    def expose(self, namespace: str, name: str, service: Manifest) -> dict[str, str]:
        """The names in DNS of a Service that stands next to all others, and leads where it says."""
        service_name = services.names(name, namespace)[0]
        if service["spec"].get("clusterIP") == "None":
            pods = {
                f"{pod.hostname}.{service_name}": pod for pod in self._behind(namespace, service)
            }
            actual = {title: pod.address for title, pod in pods.items()}
            return actual | {service_name: next(iter(actual.values()), "")}
        title = f"{name}-{len(self.addresses)}"
        self._address(namespace, title)
        address = self.addresses[namespace, title]
        for port in service["spec"]["ports"]:
            self.forwarder.set(address, port["port"], self._backends(namespace, service, port))
        return {service_name: address}

    def serve(
        self,
        namespace: str,
        name: str,
        template: Manifest,
        instead: Mapping[str, str] | None = None,
        own_names: Iterable[str] = (),
    ) -> Pod:
        """A server next to all others: no Service leads to it, but it finds itself by its names."""
        unlabelled = {**template, "metadata": {**template["metadata"], "labels": {}}}
        return self._alone("Deployment", namespace, name, unlabelled, instead, own_names)

    def _alone(
        self, kind: str, namespace: str, name: str, template: Manifest,
        instead: Mapping[str, str] | None = None, own_names: Iterable[str] = (),
    ) -> Pod:  # fmt: skip
        title = f"{name}-{self.count}"
        manifest: Manifest = {
            "kind": kind,
            "metadata": {"name": title, "namespace": namespace},
            "spec": {"template": template, "backoffLimit": 0},
        }
        return self._start((kind, namespace, title), manifest, instead or {}, own_names)[0]

    def named(self, namespace: str, prefix: str) -> str:
        """A Job's whole name, which ends in the hash of its template."""
        return next(
            name
            for space, name, _ in self.objects.of("CronJob", "Job")
            if space == namespace and name.startswith(prefix)
        )

    def again(self, namespace: str, prefix: str, timeout: float = 120) -> str:
        """The output of a Job that runs once more."""
        return self.completed(self.run(namespace, self.named(namespace, prefix)), timeout)

    def script(self, namespace: str, workload: str, program: str, timeout: float = 120) -> str:
        """The output of a Python program in a new pod of a workload, in its environment."""
        pod = self.run(namespace, workload, command=("python", "-c", program))
        return self.completed(pod, timeout)

    def completed(self, pod: Pod, timeout: float) -> str:
        self.until(lambda: pod.finished, timeout, [pod])
        return self.output(pod)

    def template(self, namespace: str, name: str) -> Manifest:
        """The pod template of a Job or a CronJob."""
        return next(
            pod_template(manifest)
            for space, key, manifest in self.objects.of("CronJob", "Job")
            if (space, key) == (namespace, name)
        )

    def _start(
        self, key: tuple[str, str, str], manifest: Manifest,
        instead: Mapping[str, str] | None = None, own_names: Iterable[str] = (),
    ) -> list[Pod]:  # fmt: skip
        spec = manifest["spec"]
        replicas = 1 if manifest["kind"] == "Job" else spec.get("replicas", 1)
        pods = [self._pod(manifest, ordinal) for ordinal in range(replicas)]
        self.pods[key] = pods
        self._write_hosts()
        for pod in pods:
            other_addresses = {**(instead or {}), **dict.fromkeys(own_names, pod.address)}
            pod.hosts = self._other_hosts(pod, other_addresses) if other_addresses else None
            pod.thread.start()
        return pods

    def _pod(self, manifest: Manifest, ordinal: int) -> Pod:
        namespace, name = manifest["metadata"]["namespace"], manifest["metadata"]["name"]
        claims: dict[str, Path] = {}
        title = f"{name}-{ordinal}"
        if manifest["kind"] != "StatefulSet":
            title = (
                f"{name}-{hashlib.sha256(f'{namespace}{name}{ordinal}'.encode()).hexdigest()[:5]}"
            )
        for claim in manifest["spec"].get("volumeClaimTemplates", ()):
            volume = claim["metadata"]["name"]
            claims[volume] = self.place / "claims" / namespace / f"{volume}-{title}"
        self.count += 1
        pod = Pod(
            self, namespace, manifest, title, self.count, pod_template(manifest),
            job=manifest["kind"] == "Job", retries=manifest["spec"].get("backoffLimit", 6), claims=claims,
        )  # fmt: skip
        self.known[pod.address] = pod
        return pod

    # Services and names ------------------------------------------------------------------------

    def _address(self, namespace: str, name: str) -> None:
        if (namespace, name) not in self.addresses:
            address = network.service_address(len(self.addresses) + 1)
            self.addresses[namespace, name] = address
            network.add_service_address(self.network, address)

    def hosts_file(self, namespace: str) -> Path:
        path = self.place / "hosts" / namespace
        if not path.exists():
            self._write_hosts()
        return path

    def _other_hosts(self, pod: Pod, instead: Mapping[str, str]) -> Path:
        """The names of a pod's namespace, some of them with another address."""
        lines = self.hosts_file(pod.namespace).read_text().splitlines()
        kept_lines = [line for line in lines if not set(instead) & set(line.split()[1:])]
        path = self.place / "hosts" / f"of-{pod.index}"
        other_lines = [f"{address} {name}" for name, address in instead.items() if address]
        path.write_text("\n".join([*kept_lines, *other_lines, ""]))
        return path

    def _write_hosts(self) -> None:
        """Cluster DNS as files, one for each namespace: short names are of its Services."""
        with self.lock:
            spaces = {pod.namespace for pod in self.all_pods()}
            for space in spaces:
                path = self.place / "hosts" / space
                path.parent.mkdir(parents=True, exist_ok=True)
                text = "".join(f"{line}\n" for line in self._hosts(space))
                _overwrite(path, text.encode())

    def _hosts(self, space: str) -> Iterable[str]:
        yield "127.0.0.1 localhost"
        for pod in self.all_pods():
            if pod.namespace == space:
                yield f"{pod.address} {pod.hostname}"
        for namespace, name, service in self.objects.of("Service"):
            service_names = services.names(name, namespace) + [name] * (namespace == space)
            if service["spec"].get("clusterIP") != "None":
                yield f"{self.addresses[namespace, name]} {' '.join(service_names)}"
                continue
            for pod in self._behind(namespace, service):
                own_hosts = " ".join(f"{pod.hostname}.{form}" for form in service_names)
                yield f"{pod.address} {' '.join(service_names)} {own_hosts}"

    def _behind(self, namespace: str, service: Manifest) -> list[Pod]:
        return [
            pod
            for pod in self.all_pods()
            if pod.namespace == namespace and services.selects(service, pod.labels)
        ]

    def changed(self) -> None:
        """A pod became ready or is so no more: Services follow."""
        with self.lock:
            for namespace, name, service in self.objects.of("Service"):
                if service["spec"].get("clusterIP") == "None":
                    continue
                for port in service["spec"].get("ports", ()):
                    backends = self._backends(namespace, service, port)
                    self.forwarder.set(self.addresses[namespace, name], port["port"], backends)

    def _backends(self, namespace: str, service: Manifest, port: Manifest) -> services.Backends:
        def backends() -> list[tuple[str, int]]:
            actual = []
            for pod in self._behind(namespace, service):
                target = services.target_port(port, pod.spec)
                if pod.ready and target is not None:
                    actual.append((pod.address, target))
            return actual

        return backends

    def conversations(self) -> set[tuple[str, str, int]]:
        """The pods that had an answer from which Service, by its DNS name, on which port."""
        hosts = {
            address: services.names(name, namespace)[0]
            for (namespace, name), address in self.addresses.items()
        }
        return {
            (self.known[client].labels.get("app.kubernetes.io/instance", ""), hosts[address], port)
            for client, address, port in set(self.forwarder.answered)
            if client in self.known
        }

    def connections(self) -> Iterator[tuple[Pod, Pod, int]]:
        """Which pod had an answer from which, on which port of that one."""
        behind = {self.addresses[space, name]: (space, service)
                  for space, name, service in self.objects.of("Service")}  # fmt: skip
        for client, address, port in sorted(self.forwarder.answered):
            if client in self.known and address in behind:
                space, service = behind[address]
                message = next(
                    declared_port
                    for declared_port in service["spec"]["ports"]
                    if declared_port["port"] == port
                )
                for pod in self._behind(space, service):
                    target = services.target_port(message, pod.spec)
                    assert target is not None
                    yield self.known[client], pod, target

    # Looking -----------------------------------------------------------------------------------

    def held(self, namespace: str, secret: str) -> dict[str, str]:
        """The values of a Secret."""
        actual = self.objects.data("Secret", namespace, secret)
        return {key: value.decode() for key, value in actual.items()}

    def all_pods(self) -> list[Pod]:
        return [pod for key in sorted(self.pods) for pod in self.pods[key]]

    def wait(self, timeout: float, *only: str) -> None:
        """Until servers are ready and Jobs complete; obstacles are in the failure."""
        chosen = [
            pod for pod in self.all_pods() if not only or pod.owner["metadata"]["name"] in only
        ]
        self.until(lambda: all(pod.ready or pod.finished for pod in chosen), timeout, chosen)

    def until(self, result: Callable[[], bool], timeout: float, pods: list[Pod]) -> None:
        deadline = time.monotonic() + timeout
        while not result():
            broken = [pod for pod in pods if pod.failed]
            assert not broken, self.report(broken)
            unready = [pod for pod in pods if not (pod.ready or pod.finished)]
            assert time.monotonic() < deadline, f"after {timeout:.0f} s:\n{self.report(unready)}"
            time.sleep(0.2)

    def pod(self, namespace: str, workload: str) -> Pod:
        for (_, space, name), pods in sorted(self.pods.items()):
            if (space, name) == (namespace, workload):
                return pods[0]
        raise AssertionError(f"no workload {workload} in {namespace}")

    def execute(
        self,
        namespace: str,
        workload: str,
        *command: str,
        timeout: float = 60,
        standard_input: str = "",
    ) -> str:
        """The output of a command in a workload's first container; it must succeed."""
        pod = self.pod(namespace, workload)
        result = pod.execute(pod.spec["containers"][0]["name"], command, timeout, standard_input)
        assert result.returncode == 0, f"{command[0]} in {workload}: {result.stdout}{result.stderr}"
        return result.stdout

    def output(self, pod: Pod) -> str:
        return "".join(
            pod.log(container["name"]).read_text(errors="replace")
            for container in pod.spec["containers"]
        )

    def report(self, pods: Iterable[Pod] | None = None, lines: int = 25) -> str:
        """Each pod's state, and the end of its containers' logs."""
        parts = []
        for pod in self.all_pods() if pods is None else pods:
            state = "ready" if pod.ready else "finished" if pod.finished else "waiting"
            state = "failed" if pod.failed else state
            parts.append(
                f"-- {pod.namespace}/{pod.name}: {state}, {pod.restarts} restarts {pod.note}"
            )
            for init_container in (*pod.spec.get("initContainers", ()), *pod.spec["containers"]):
                if pod.log(init_container["name"]).exists():
                    text = (
                        pod.log(init_container["name"])
                        .read_text(errors="replace")
                        .splitlines()[-lines:]
                    )
                    parts += [f"   {init_container['name']}| {line}" for line in text]
        return "\n".join(parts)

    # Ending ------------------------------------------------------------------------------------

    def delete(self, kind: str, namespace: str, name: str) -> None:
        self.stop(kind, namespace, name)
        self.objects.found.pop((kind, namespace, name), None)

    def stop(self, kind: str, namespace: str, name: str) -> None:
        pods = self.pods.pop((kind, namespace, name), [])
        for pod in pods:
            pod.stop()
        for pod in pods:
            pod.gone()

    def discard(self, pods: Iterable[Pod]) -> None:
        """Without grace: nothing of them is kept."""
        ended = {pod.index: pod for pod in pods}
        for pod in ended.values():
            pod.kill()
        for pod in ended.values():
            pod.gone()
        self.pods = {
            key: kept_pods
            for key, before in self.pods.items()
            if (kept_pods := [pod for pod in before if pod.index not in ended])
        }

    def close(self) -> None:
        self.discard(self.all_pods())
        self.forwarder.close()
        self.network.close()


def commanded(template: Manifest, command: tuple[str, ...]) -> Manifest:
    """A pod template whose first container does something else, and nothing before it."""
    first_container = {**template["spec"]["containers"][0], "command": list(command), "args": []}
    without = {"livenessProbe", "readinessProbe", "startupProbe"}
    first_container = {key: value for key, value in first_container.items() if key not in without}
    spec = {key: value for key, value in template["spec"].items() if key != "initContainers"}
    return {**template, "spec": {**spec, "containers": [first_container]}}


def _overwrite(path: Path, data: bytes) -> None:
    """In place, since running pods have this very file as their /etc/hosts, and at no moment empty,
    since they read it at any."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        os.pwrite(handle, data, 0)
        os.ftruncate(handle, len(data))
    finally:
        os.close(handle)
