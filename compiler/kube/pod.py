"""Pods, hardened by default: a component says what runs, the rest is the same for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from compiler.kube.container import Container
from compiler.kube.labels import selector
from compiler.kube.security import UNPRIVILEGED
from compiler.kube.volumes import Volume, tmp
from compiler.model.binding import Endpoint
from compiler.model.instance import Instance
from compiler.model.resource import Manifest
from compiler.spec.component import Toleration


class Schedulable(Protocol):
    """What a Spec says about where its pods run."""

    @property
    def node_selector(self) -> dict[str, str]: ...
    @property
    def tolerations(self) -> tuple[Toleration, ...]: ...


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
    all_volumes = (*volumes, *tmp(volumes))
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
    spec |= scheduling(placement or me.spec)
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


def scheduling(wanted: Schedulable) -> Manifest:
    """Where pods may run, as a pod's spec says it."""
    made: Manifest = {}
    if wanted.node_selector:
        made["nodeSelector"] = dict(sorted(wanted.node_selector.items()))
    if wanted.tolerations:
        made["tolerations"] = [one.written() for one in wanted.tolerations]
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
