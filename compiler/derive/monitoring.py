"""Where a platform is monitored: exporters, PodMonitors, alerts, and a way in for the scraper.

Components say what metrics their pods have; volumes, scheduled runs and sleeping models are known
from the objects themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from string import Template

from compiler.derive import watches
from compiler.derive.network_policies import labels_of
from compiler.derive.packages import each_package, with_pod
from compiler.diagnostics import Report
from compiler.interfaces import monitoring
from compiler.lower import dotted
from compiler.model.graph import Instance
from compiler.model.metrics import Alert, Metrics
from compiler.model.package import Lowered, Package
from compiler.model.resource import Ingress, Manifest, Resource, pod_template
from compiler.resolve import module


def derive(lowered: Lowered, report: Report) -> Lowered:
    for name, slots in sorted(lowered.graph.offers.items()):
        for offer in slots.values():
            if isinstance(offer, monitoring.Offer):
                lowered = _monitored(lowered, name, offer)
    return lowered


def _monitored(lowered: Lowered, name: str, offer: monitoring.Offer) -> Lowered:
    def one(package: Package) -> Package:
        me = package.instance
        if me is None:
            return package
        made = [_monitor(me, name, offer, metrics) for metrics in package.metrics]
        alerts = tuple(_alerts(package, me, name))
        if alerts:
            made.append(_rule(me, name, offer, alerts))
        return replace(
            package,
            resources=(*(_exported(package, r) for r in package.resources), *made),
            ingress=(*package.ingress, *_ways_in(package, name, offer)),
        )

    return _with_models(each_package(lowered, one), name, offer)


def _with_models(lowered: Lowered, name: str, offer: monitoring.Offer) -> Lowered:
    """What is true of models by the thousand stands once, with the monitoring itself."""
    me = lowered.graph.instances[name]
    spaces = {
        resource.namespace
        for package in lowered.models.values()
        for resource in package.resources
        if watches.sleeps(resource.manifest)
    }
    made = tuple(
        _rule(replace(me, namespace=space), "models", offer, (watches.waking(space),))
        for space in sorted(spaces)
    )
    if not made:
        return lowered
    package = Package(
        name, dotted(me.path), module(me).PHASE, me.namespace, resources=made, instance=me
    )
    return replace(lowered, packages=dict(sorted({**lowered.packages, name: package}.items())))


def _exported(package: Package, resource: Resource) -> Resource:
    """An object with the exporters of its pods in them."""
    template = pod_template(resource.manifest)
    if template is None:
        return resource
    role = template["metadata"]["labels"].get("app.kubernetes.io/component")
    exporters = [m.exporter for m in package.metrics if m.exporter and m.pods == role]
    if not exporters:
        return resource
    spec = template["spec"]
    extended = {**template, "spec": {**spec, "containers": [*spec["containers"], *exporters]}}
    return replace(resource, manifest=with_pod(resource.manifest, extended))


def _object_name(me: Instance[object], monitor: str, role: str) -> str:
    return f"{me.name}-{role}-{monitor}"


def _role(metrics: Metrics) -> str:
    return metrics.pods if isinstance(metrics.pods, str) else metrics.pods.role


def _monitor(
    me: Instance[object], monitor: str, offer: monitoring.Offer, metrics: Metrics
) -> Resource:
    endpoint = {
        "portNumber": metrics.port,
        "path": metrics.path,
        "interval": offer.interval,
    }
    return _object(
        me,
        "PodMonitor",
        _object_name(me, monitor, _role(metrics)),
        offer,
        {
            "selector": {"matchLabels": labels_of(me, metrics.pods)},
            "podMetricsEndpoints": [endpoint],
        },
    )


def _alerts(package: Package, me: Instance[object], monitor: str) -> Iterator[Alert]:
    """The alerts of an instance, each about its own pods."""
    for metrics in package.metrics:
        job = f"{me.namespace}/{_object_name(me, monitor, _role(metrics))}"
        for alert in metrics.alerts:
            yield replace(alert, expr=Template(alert.expr).substitute(pods=f'job="{job}"'))
    for resource in package.resources:
        yield from watches.alerts(resource.manifest)


def _rule(
    me: Instance[object], monitor: str, offer: monitoring.Offer, alerts: tuple[Alert, ...]
) -> Resource:
    rules = [
        {
            "alert": alert.name,
            "expr": alert.expr,
            "for": alert.lasts,
            "labels": {"instance_name": me.name, "severity": alert.severity},
            "annotations": {"summary": alert.summary},
        }
        for alert in alerts
    ]
    groups = [{"name": f"{me.platform}/{me.name}", "rules": rules}]
    return _object(me, "PrometheusRule", f"{me.name}-{monitor}", offer, {"groups": groups})


def _object(
    me: Instance[object], kind: str, name: str, offer: monitoring.Offer, spec: Manifest
) -> Resource:
    metadata = {"name": name, "namespace": me.namespace, "labels": dict(offer.selects)}
    api = "monitoring.coreos.com/v1"
    return Resource({"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec})


def _ways_in(package: Package, monitor: str, offer: monitoring.Offer) -> Iterator[Ingress]:
    for metrics in package.metrics:
        yield Ingress(
            monitor, offer.namespace, metrics.pods, (metrics.port,), offer.scraper,
            paths=(metrics.path,),
        )  # fmt: skip
