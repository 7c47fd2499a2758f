"""Build hardened pods: a component chooses the containers, and the rest is the same for all pods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from compiler.kube.container import Container
from compiler.kube.labels import selector
from compiler.kube.security import UNPRIVILEGED
from compiler.kube.volumes import Volume, tmp
from compiler.model.binding import Endpoint
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.spec.placement import NodeAffinity, Toleration


class Schedulable(Protocol):
    """The fields of a Spec that decide on which nodes its pods run."""

    @property
    def node_selector(self) -> dict[str, str]: ...
    @property
    def tolerations(self) -> tuple[Toleration, ...]: ...
    @property
    def node_affinity(self) -> NodeAffinity | None: ...
    @property
    def priority_class(self) -> str | None: ...
    @property
    def pull_secrets(self) -> tuple[str, ...]: ...


def pod(
    me: Instance[Any],
    role: str,
    containers: Sequence[Container],
    *,
    user: int,
    init: Sequence[Container] = (),
    volumes: Sequence[Volume] = (),
    uses: Iterable[Endpoint | None] = (),
    grace: int | None = None,
    restart: str | None = None,
    spread: bool = False,
) -> Manifest:
    """A pod template: `restricted`, no API token, no service links, an emptyDir at /tmp."""
    spec = _containers(containers, init, volumes)
    if restart:
        spec["restartPolicy"] = restart
    if grace is not None:
        spec["terminationGracePeriodSeconds"] = grace
    spec |= scheduling(me.spec)
    spec["serviceAccountName"] = me.name
    spec["automountServiceAccountToken"] = False
    spec["enableServiceLinks"] = False
    spec |= pull_secrets(me)
    spec["securityContext"] = _security_context(user)
    if spread:
        spec |= _spread(selector(me, role), spec.get("affinity", {}))
    return {"metadata": {"labels": pod_labels(me, role, uses)}, "spec": spec}


def _containers(
    containers: Sequence[Container], init: Sequence[Container], volumes: Sequence[Volume]
) -> Manifest:
    """The containers with their volumes, and one for /tmp."""
    disks = [
        container.resources["limits"]["ephemeral-storage"] for container in (*init, *containers)
    ]
    mounted = (*volumes, *tmp(volumes, disks))
    fields: Manifest = {}
    if init:
        fields["initContainers"] = [container.manifest(mounted) for container in init]
    fields["containers"] = [container.manifest(mounted) for container in containers]
    sources = {volume.name: volume.source for volume in mounted if volume.source}
    fields["volumes"] = [{"name": name, **source} for name, source in sorted(sources.items())]
    return fields


def _security_context(user: int) -> Manifest:
    return {
        **UNPRIVILEGED,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "fsGroupChangePolicy": "OnRootMismatch",
    }


def pod_labels(
    me: Instance[Any], role: str, uses: Iterable[Endpoint | None] = ()
) -> dict[str, str]:
    """The labels of one role's pods: the instance, the role, and the offers that they use."""
    labels = {**selector(me, role), "app.kubernetes.io/part-of": me.platform}
    labels |= {endpoint.binding.label: "true" for endpoint in uses if endpoint is not None}
    return dict(sorted(labels.items()))


def scheduling(placement: Schedulable) -> Manifest:
    """The fields of a pod spec that decide on which nodes it may run."""
    fields: Manifest = {}
    if placement.node_selector:
        fields["nodeSelector"] = dict(sorted(placement.node_selector.items()))
    if placement.node_affinity is not None:
        fields["affinity"] = {"nodeAffinity": placement.node_affinity.manifest()}
    if placement.tolerations:
        fields["tolerations"] = [toleration.written() for toleration in placement.tolerations]
    if placement.priority_class:
        fields["priorityClassName"] = placement.priority_class
    return fields


def pull_secrets(me: Instance[Any], *, own_account: bool = True) -> Manifest:
    """The pull Secrets of a pod whose account does not bring them.

    A pod that names some gets none from its account; an operator's account, which is not the instance's own,
    has none.
    """
    if own_account and not me.spec.pull_secrets:
        return {}
    names = dict.fromkeys((*me.settings.registry.pull_secrets, *me.spec.pull_secrets))
    return {"imagePullSecrets": [{"name": name} for name in names]} if names else {}


def _spread(labels: dict[str, str], affinity: Manifest) -> Manifest:
    """The fields of a pod spec that spread replicas over nodes and zones, if possible."""
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
            **affinity,
            "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred},
        },
        "topologySpreadConstraints": [zones],
    }
