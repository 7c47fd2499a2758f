"""Pods and what runs them, hardened by default: the `restricted` Pod Security Standard and more.

A component says what its container runs; the rest (users, read-only root, scratch space, labels,
the client environment of what it uses) is the same for all and is here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from compiler.model import quantity
from compiler.model.graph import PREFIX, Endpoint, Instance
from compiler.model.resource import ConfigFiles, Env, Manifest, Resource
from compiler.model.spec import Amounts, Resources, Toleration

# The user of images that run as any: above those of a node, so that no file of a host is its own.
USER = 10001


class Schedulable(Protocol):
    """What a Spec says about where its pods run."""

    @property
    def node_selector(self) -> dict[str, str]: ...
    @property
    def tolerations(self) -> tuple[Toleration, ...]: ...


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of a pod and where its containers mount it."""

    name: str
    source: Manifest
    path: str
    read_only: bool = False
    sub_path: str | None = None

    def mount(self) -> Manifest:
        mount: Manifest = {"name": self.name, "mountPath": self.path}
        if self.read_only:
            mount["readOnly"] = True
        if self.sub_path:
            mount["subPath"] = self.sub_path
        return mount


def scratch(name: str, path: str, size: str = "1Gi", *, memory: bool = False) -> Volume:
    """Space of the pod's own, gone with it; in memory where asked."""
    source: Manifest = {"sizeLimit": size}
    return Volume(name, {"emptyDir": {"medium": "Memory", **source} if memory else source}, path)


def config(name: str, path: str, mode: int | None = None) -> Volume:
    """The files of a ConfigMap."""
    source: Manifest = {"name": name}
    if mode is not None:
        source["defaultMode"] = mode
    return Volume(name, {"configMap": source}, path, read_only=True)


# What `restricted` asks of every pod, and of every container; and no writing to the image's files.
UNPRIVILEGED: Manifest = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
LOCKED: Manifest = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}


@dataclass(frozen=True, slots=True)
class Container:
    """One container; `env` keeps its order, since later values may read earlier ones."""

    name: str
    image: str
    resources: Manifest
    command: Sequence[str] = ()
    args: Sequence[str] = ()
    env: Sequence[Env] = ()
    ports: Mapping[str, int] = field(default_factory=dict)
    startup: Manifest | None = None
    readiness: Manifest | None = None
    liveness: Manifest | None = None
    pre_stop: Manifest | None = None
    writable_root: bool = False

    def manifest(self, volumes: Iterable[Volume]) -> Manifest:
        made: Manifest = {"name": self.name, "image": self.image}
        if self.command:
            made["command"] = list(self.command)
        if self.args:
            made["args"] = list(self.args)
        if self.ports:
            made["ports"] = [
                {"name": name, "containerPort": port} for name, port in self.ports.items()
            ]
        env = unique(self.env)
        if env:
            made["env"] = [one.manifest() for one in env]
        made["resources"] = self.resources
        mounts = [volume.mount() for volume in volumes]
        if mounts:
            made["volumeMounts"] = mounts
        for key, probe in (
            ("livenessProbe", self.liveness),
            ("readinessProbe", self.readiness),
            ("startupProbe", self.startup),
        ):
            if probe is not None:
                made[key] = probe
        if self.pre_stop is not None:
            made["lifecycle"] = {"preStop": self.pre_stop}
        made["securityContext"] = {**LOCKED, "readOnlyRootFilesystem": not self.writable_root}
        return made


def unique(env: Iterable[Env]) -> tuple[Env, ...]:
    """Each variable once. Two values for one name are the caller's mistake."""
    seen: dict[str, Env] = {}
    for one in env:
        if seen.setdefault(one.name, one) != one:
            raise ValueError(f"two values for {one.name}")
    return tuple(seen.values())


@dataclass(frozen=True, slots=True)
class Client:
    """The client environment of what some pods use: variables, files and labels."""

    endpoints: tuple[Endpoint, ...]
    config: ConfigFiles | None
    volumes: tuple[Volume, ...]

    @property
    def env(self) -> tuple[Env, ...]:
        return unique(env for endpoint in _told(self.endpoints) for env in endpoint.env())

    @property
    def plain(self) -> dict[str, str]:
        """The variables that hold no credential and read no other variable."""
        return {
            one.name: one.value
            for one in self.env
            if isinstance(one.value, str) and "$(" not in one.value
        }

    @property
    def configs(self) -> tuple[ConfigFiles, ...]:
        return (self.config,) if self.config else ()


def client(me: Instance[Any], endpoints: Iterable[Endpoint | None]) -> Client:
    """What it takes to use some endpoints from pods of an instance."""
    used = tuple(endpoint for endpoint in endpoints if endpoint is not None)
    files: dict[str, str] = {}
    for endpoint in _told(used):
        files.update(endpoint.files())
    if not files:
        return Client(used, None, ())
    name = f"{me.name}-client"
    folders = sorted({path.rpartition("/")[0] for path in files})
    volumes = tuple(
        Volume(
            folder.strip("/").replace("/", "-"),
            {"configMap": {
                "name": name,
                "items": [
                    {"key": _key(file), "path": file.rpartition("/")[2]}
                    for file in sorted(files)
                    if file.rpartition("/")[0] == folder
                ],
            }},
            folder,
            read_only=True,
        )
        for folder in folders
    )  # fmt: skip
    texts = {_key(path): text for path, text in sorted(files.items())}
    return Client(used, ConfigFiles(name, me.namespace, texts), volumes)


def _told(endpoints: Iterable[Endpoint]) -> Iterator[Endpoint]:
    """Those whose variables are their own, and not part of another endpoint's."""
    return (endpoint for endpoint in endpoints if not endpoint.binding.relayed)


def _key(path: str) -> str:
    return path.strip("/").replace("/", "-")


def pod(
    me: Instance[Any],
    role: str,
    containers: Sequence[Container],
    *,
    user: int,
    group: int | None = None,
    init: Sequence[Container] = (),
    volumes: Sequence[Volume] = (),
    uses: Iterable[Endpoint | None] = (),
    grace: int | None = None,
    restart: str | None = None,
    spread: bool = False,
    placement: Schedulable | None = None,
) -> Manifest:
    """A pod template: `restricted`, no token, no service links, scratch space at /tmp."""
    group = user if group is None else group
    all_volumes = (*volumes, *_tmp(volumes))
    spec: Manifest = {}
    if init:
        spec["initContainers"] = [one.manifest(all_volumes) for one in init]
    spec["containers"] = [one.manifest(all_volumes) for one in containers]
    named = {volume.name: volume.source for volume in all_volumes if volume.source}
    spec["volumes"] = [{"name": name, **source} for name, source in sorted(named.items())]
    if restart:
        spec["restartPolicy"] = restart
    if grace is not None:
        spec["terminationGracePeriodSeconds"] = grace
    spec |= place(placement or me.spec)
    spec["serviceAccountName"] = me.name
    spec["automountServiceAccountToken"] = False
    spec["enableServiceLinks"] = False
    spec["securityContext"] = {
        **UNPRIVILEGED,
        "runAsUser": user,
        "runAsGroup": group,
        "fsGroup": group,
        "fsGroupChangePolicy": "OnRootMismatch",
    }
    if spread:
        spec |= _apart(selector(me, role))
    return {"metadata": {"labels": pod_labels(me, role, uses)}, "spec": spec}


def pod_labels(
    me: Instance[Any], role: str, uses: Iterable[Endpoint | None] = ()
) -> dict[str, str]:
    """The labels of one role's pods: whose they are, and which offers they use."""
    labels = {**selector(me, role), "app.kubernetes.io/part-of": me.platform}
    labels |= {endpoint.binding.label: "true" for endpoint in uses if endpoint is not None}
    return dict(sorted(labels.items()))


def place(wanted: Schedulable) -> Manifest:
    """Where pods may run, as a pod's spec says it."""
    made: Manifest = {}
    if wanted.node_selector:
        made["nodeSelector"] = dict(sorted(wanted.node_selector.items()))
    if wanted.tolerations:
        made["tolerations"] = [
            one.model_dump(by_alias=True, exclude_none=True) for one in wanted.tolerations
        ]
    return made


def _apart(labels: dict[str, str]) -> Manifest:
    """Replicas on nodes and in zones of their own, as far as there are any."""
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    zones = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
    }
    return {
        "affinity": {
            "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}
        },
        "topologySpreadConstraints": [zones],
    }


def _tmp(volumes: Sequence[Volume]) -> tuple[Volume, ...]:
    return () if any(volume.path == "/tmp" for volume in volumes) else (scratch("tmp", "/tmp"),)  # noqa: S108  # a path in the pod


def selector(me: Instance[Any], role: str) -> dict[str, str]:
    """The labels that tell one role's pods of an instance from all others; they never change."""
    return {"app.kubernetes.io/component": role, "app.kubernetes.io/instance": me.name}


def metadata(me: Instance[Any], name: str | None = None, role: str | None = None) -> Manifest:
    """Name, namespace and, for the objects of one role, its label."""
    made: Manifest = {"name": name or me.name, "namespace": me.namespace}
    if role:
        made["labels"] = {"app.kubernetes.io/component": role}
    return made


def deployment(
    me: Instance[Any], role: str, template: Manifest, *, replicas: int, name: str | None = None,
    strategy: Manifest | None = None, step: int = 0,
) -> Resource:  # fmt: skip
    """A Deployment of one role's pods."""
    spec = {
        "replicas": replicas,
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": selector(me, role)},
        "strategy": strategy
        or {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": template,
    }
    return Resource(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(me, name, role),
         "spec": spec},
        step,
    )  # fmt: skip


def stateful_set(
    me: Instance[Any], role: str, template: Manifest, *, replicas: int, claims: Sequence[Manifest],
    name: str | None = None, service: str | None = None, parallel: bool = False, step: int = 0,
) -> Resource:  # fmt: skip
    """A StatefulSet behind its headless Service."""
    spec = {
        "replicas": replicas,
        "revisionHistoryLimit": 3,
        "serviceName": service or f"{name or me.name}-headless",
        "podManagementPolicy": "Parallel" if parallel else "OrderedReady",
        "selector": {"matchLabels": selector(me, role)},
        "template": template,
        "volumeClaimTemplates": list(claims),
    }
    return Resource(
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata(me, name, role),
         "spec": spec},
        step,
    )  # fmt: skip


def volume_claim(me: Instance[Any], name: str, size: str) -> Manifest:
    """A volumeClaimTemplate: it holds nothing that changes but the size.

    The server fills in mode and status, and compares the list as a whole: left out, each apply
    would change it, and a server-side apply over another would conflict.
    """
    spec: Manifest = {"accessModes": ["ReadWriteOnce"]}
    if me.settings.cluster.storage_class:
        spec["storageClassName"] = me.settings.cluster.storage_class
    spec |= {"resources": {"requests": {"storage": size}}, "volumeMode": "Filesystem"}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": spec,
        "status": {"phase": "Pending"},
    }


def job(
    me: Instance[Any], name: str, template: Manifest, *, step: int = 0, retries: int = 6,
    deadline: int = 1800,
) -> Resource:  # fmt: skip
    """A Job that runs to its end once. Its name gets the hash of its template in derive/jobs.py."""
    role = template["metadata"]["labels"]["app.kubernetes.io/component"]
    spec = {"backoffLimit": retries, "activeDeadlineSeconds": deadline, "template": template}
    return Resource(
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata(me, name, role),
         "spec": spec},
        step,
    )  # fmt: skip


def cron_job(
    me: Instance[Any], template: Manifest, *, schedule: str | None, deadline: int, retries: int,
    name: str | None = None, step: int = 0,
) -> Resource:  # fmt: skip
    """Jobs by the clock, in UTC and never two at once; without a schedule, to start by hand."""
    job = {"backoffLimit": retries, "activeDeadlineSeconds": deadline, "template": template}
    spec = {
        # Without a schedule it never starts by itself: `kubectl create job --from` starts it.
        "schedule": schedule or "0 0 1 1 *",
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 600,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "suspend": schedule is None,
        "jobTemplate": {"spec": job},
    }
    role = template["metadata"]["labels"]["app.kubernetes.io/component"]
    return Resource(
        {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata(me, name, role),
         "spec": spec},
        step,
    )  # fmt: skip


def compute(
    wanted: Resources, *, cpu: str, memory: str, cpu_limit: str, memory_limit: str,
    disk: str = "256Mi", disk_limit: str = "2Gi", gpu: int = 0,
) -> Manifest:  # fmt: skip
    """Requests and limits: the user's amounts over the component's own.

    An amount set on one side alone moves the other with it, so that a request stays within its
    limit.
    """
    defaults = {
        "cpu": (cpu, cpu_limit),
        "memory": (memory, memory_limit),
        "ephemeral-storage": (disk, disk_limit),
    }
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    for key, (low, high) in defaults.items():
        asked, bound = _amount(wanted.requests, key), _amount(wanted.limits, key)
        requests[key] = asked or quantity.canonical(_smaller(low, bound) if bound else low)
        limits[key] = bound or quantity.canonical(_larger(high, asked) if asked else high)
    made: Manifest = {"requests": requests, "limits": limits}
    if gpu:
        limits[GPU] = requests[GPU] = str(gpu)
    return made


GPU = "nvidia.com/gpu"


def _amount(amounts: Amounts, key: str) -> str | None:
    return {
        "cpu": amounts.cpu,
        "memory": amounts.memory,
        "ephemeral-storage": amounts.ephemeral_storage,
    }[key]


def _smaller(one: str, other: str) -> str:
    return min(one, other, key=quantity.amount)


def _larger(one: str, other: str) -> str:
    return max(one, other, key=quantity.amount)


def http_probe(path: str, port: str, *, period: int = 10, failures: int = 3) -> Manifest:
    """A probe by HTTP; five seconds to answer, since a busy Python server needs more than one."""
    return {
        "httpGet": {"path": path, "port": port},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def tcp_probe(port: str, *, period: int = 10, failures: int = 3) -> Manifest:
    """A probe by connecting."""
    return {
        "tcpSocket": {"port": port},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def exec_probe(command: Sequence[str], *, period: int = 10, failures: int = 3) -> Manifest:
    """A probe by a command in the container."""
    return {
        "exec": {"command": list(command)},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


__all__ = [
    "GPU", "LOCKED", "PREFIX", "UNPRIVILEGED", "USER", "Client", "Container", "Volume",
    "client", "compute", "config", "cron_job", "deployment", "exec_probe", "http_probe", "job", "metadata",
    "place", "pod", "pod_labels", "scratch", "selector", "stateful_set", "tcp_probe", "unique",
    "volume_claim",
]  # fmt: skip
