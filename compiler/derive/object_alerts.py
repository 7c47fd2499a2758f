"""Derive alerts from objects: a volume fills up, a run is late, a model starts too often.

They use metrics of the kubelet and of kube-state-metrics 2, which every monitored cluster has.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.model.custom_resource import at
from compiler.model.manifest import Manifest
from compiler.model.metrics import Alert
from compiler.model.resource import Resource
from compiler.spec.cron import longest_gap


def alerts(resource: Resource) -> Iterator[Alert]:
    """The alerts about one object."""
    manifest = resource.manifest
    if resource.custom is not None:
        if resource.custom.volume_claims:
            yield _filling(
                manifest, f"{resource.custom.volume_claims.format(name=resource.name)}-[0-9]+"
            )
        return
    match resource.kind:
        case "StatefulSet":
            for claim in manifest["spec"].get("volumeClaimTemplates", ()):
                yield _filling(manifest, f"{claim['metadata']['name']}-{resource.name}-[0-9]+")
            for volume in manifest["spec"]["template"]["spec"].get("volumes", ()):
                if "persistentVolumeClaim" in volume:
                    yield _filling(manifest, volume["persistentVolumeClaim"]["claimName"])
        case "CronJob" if not manifest["spec"].get("suspend"):
            yield _late(manifest)


def _name(manifest: Manifest) -> str:
    return str(manifest["metadata"]["name"])


def _space(manifest: Manifest) -> str:
    return f'namespace="{manifest["metadata"]["namespace"]}"'


def _filling(manifest: Manifest, claims: str) -> Alert:
    selector = f'{{{_space(manifest)},persistentvolumeclaim=~"{claims}"}}'
    return Alert(
        "VolumeFilling",
        f"kubelet_volume_stats_available_bytes{selector} / kubelet_volume_stats_capacity_bytes{selector} < 0.15",
        "10m",
        f"A volume of {_name(manifest)} has less than 15 % left.",
        "critical",
    )


def _late(manifest: Manifest) -> Alert:
    """The alert about a CronJob that has had no success since its last run was due."""
    selector = f'{{{_space(manifest)},cronjob="{_name(manifest)}"}}'
    scheduled = f"kube_cronjob_status_last_schedule_time{selector}"
    succeeded = f"kube_cronjob_status_last_successful_time{selector}"
    deadline = manifest["spec"]["jobTemplate"]["spec"].get("activeDeadlineSeconds", 3600)
    conditions = [f"{scheduled} > {succeeded}", f"{scheduled} unless {succeeded}"]
    gap = longest_gap(manifest["spec"]["schedule"])
    if gap is not None:
        # No run was scheduled at all: the CronJob is suspended, or the controller is not there.
        conditions.append(f"time() - {succeeded} > {gap + deadline}")
    return Alert(
        "RunLate",
        " or ".join(conditions),
        f"{deadline}s",
        f"No run of {_name(manifest)} has succeeded since its last one was due.",
    )


def sleeping(resource: Resource) -> str:
    """The Deployments of an object that may have no pod at all; empty for any other object."""
    custom = resource.custom
    if custom is None or not custom.scales_to_zero:
        return ""
    return custom.deployments if at(resource.manifest, custom.scales_to_zero) == 0 else ""


def waking(namespace: str, deployments: str) -> Alert:
    """One alert for all models of a namespace, grouped by Knative's Deployments."""
    selector = f'{{namespace="{namespace}",deployment=~"{deployments}"}}'
    awake = f"sum by (deployment) (kube_deployment_spec_replicas{selector}) > bool 0"
    return Alert(
        "ColdStarts",
        f"changes(({awake})[6h:1m]) > 12",
        "5m",
        "A model goes to sleep and wakes again and again, and each first request waits for it; "
        "`minReplicas: 1` keeps it awake.",
    )
