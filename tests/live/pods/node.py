"""A node that runs applied workloads: pods, Services between them, and volumes that stay."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from live.pods import network
from live.pods.accounts import Accounts, Cluster
from live.pods.discovery import Discovery
from live.pods.disks import Disks
from live.pods.objects import WORKLOADS, Manifest, Objects, pod_template
from live.pods.pod import Pod


class Node:
    """Start with `apply`, look with `wait` and `execute`, end with `close`."""

    def __init__(self, folder: Path, range: str = network.LOOPBACK_RANGE) -> None:
        self.place = folder
        self.range = range
        self.objects = Objects()
        self.disks = Disks()
        self.network = network.node()
        self.pods: dict[tuple[str, str, str], list[Pod]] = {}
        self.discovery = Discovery(
            folder / "hosts", self.network, range, self.objects, self.all_pods
        )
        self.count = 0
        self.accounts: Accounts | None = None

    def join(self, cluster: Cluster) -> None:
        """Let pods ask a cluster's API server, with the rights of their ServiceAccounts there."""
        self.accounts = Accounts(cluster, self.network)

    # Applying ----------------------------------------------------------------------------------

    def apply(self, manifests: Iterable[Manifest], *, without: Iterable[str] = ()) -> None:
        """Start new pods, and start anew those with another pod template, as controllers do."""
        before = dict(self.objects.manifests_by_key)
        self.objects.apply(manifests)
        for namespace, name, _ in self.objects.of("Service"):
            self.discovery.add(namespace, name)
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

    def serve(
        self,
        namespace: str,
        name: str,
        template: Manifest,
        instead: Mapping[str, str] | None = None,
        dns_names: Iterable[str] = (),
    ) -> Pod:
        """A server next to all others: no Service leads to it, but it finds itself by its names."""
        unlabelled = {**template, "metadata": {**template["metadata"], "labels": {}}}
        return self._alone("Deployment", namespace, name, unlabelled, instead, dns_names)

    def _alone(
        self, kind: str, namespace: str, name: str, template: Manifest,
        instead: Mapping[str, str] | None = None, dns_names: Iterable[str] = (),
    ) -> Pod:  # fmt: skip
        title = f"{name}-{self.count}"
        manifest: Manifest = {
            "kind": kind,
            "metadata": {"name": title, "namespace": namespace},
            "spec": {"template": template, "backoffLimit": 0},
        }
        return self._start((kind, namespace, title), manifest, instead or {}, dns_names)[0]

    def named(self, namespace: str, prefix: str) -> str:
        """A Job's whole name, which ends in the hash of its template."""
        return next(
            name
            for space, name, _ in self.objects.of("CronJob", "Job")
            if space == namespace and name.startswith(prefix)
        )

    def rerun(self, namespace: str, prefix: str, timeout: float = 120) -> str:
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
        instead: Mapping[str, str] | None = None, dns_names: Iterable[str] = (),
    ) -> list[Pod]:  # fmt: skip
        spec = manifest["spec"]
        replicas = 1 if manifest["kind"] == "Job" else spec.get("replicas", 1)
        pods = [self._pod(manifest, ordinal) for ordinal in range(replicas)]
        self.pods[key] = pods
        self.discovery.write_hosts()
        for pod in pods:
            overridden = {**(instead or {}), **dict.fromkeys(dns_names, pod.address)}
            pod.hosts = self.discovery.hosts_with(pod, overridden) if overridden else None
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
        self.discovery.by_address[pod.address] = pod
        return pod

    # For pods, which find each other by it ----------------------------------------------------

    def hosts_file(self, namespace: str) -> Path:
        return self.discovery.hosts_file(namespace)

    def changed(self) -> None:
        self.discovery.changed()

    # Looking -----------------------------------------------------------------------------------

    def secret_values(self, namespace: str, secret: str) -> dict[str, str]:
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
        self.objects.manifests_by_key.pop((kind, namespace, name), None)

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
            key: remaining
            for key, before in self.pods.items()
            if (remaining := [pod for pod in before if pod.index not in ended])
        }

    def replace(self, kind: str, namespace: str, name: str, ordinal: int) -> Pod:
        """A new pod in the place of a lost one, as a StatefulSet makes it: with its name and volumes."""
        pod = self._pod(self.objects.get(kind, namespace, name), ordinal)
        self.pods[kind, namespace, name].append(pod)
        self.discovery.write_hosts()
        pod.thread.start()
        return pod

    def close(self) -> None:
        """End all pods. Their logs stay; their volumes, which may hold gigabytes, do not."""
        self.discard(self.all_pods())
        self.disks.unmount()
        for volumes in (self.place / "claims", *self.place.glob("pods/*/volumes")):
            shutil.rmtree(volumes, ignore_errors=True)
        self.discovery.close()
        self.network.close()


def commanded(template: Manifest, command: tuple[str, ...]) -> Manifest:
    """A pod template whose first container does something else, and nothing before it."""
    first_container = {**template["spec"]["containers"][0], "command": list(command), "args": []}
    without = {"livenessProbe", "readinessProbe", "startupProbe"}
    first_container = {key: value for key, value in first_container.items() if key not in without}
    spec = {key: value for key, value in template["spec"].items() if key != "initContainers"}
    return {**template, "spec": {**spec, "containers": [first_container]}}
