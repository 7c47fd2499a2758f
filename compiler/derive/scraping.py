"""How Prometheus finds the metrics of some pods, and by what labels it tells them from others'.

Pods behind a Service of ours are found through it, by a ServiceMonitor. Pods that an operator makes
have none of ours, and a PodMonitor finds them. Facts are of prometheus-operator 0.93: `job` is the
Service's name with the one, and namespace and name of the monitor with the other.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from compiler.derive.network_policies import labels_of
from compiler.interfaces import monitoring
from compiler.kube.labels import selector
from compiler.model.instance import PREFIX, Instance
from compiler.model.metrics import Metrics
from compiler.model.resource import Made, Manifest, Resource

PORT = "http-metrics"  # of pods that have one for metrics alone


class ScrapeTarget(Struct, frozen=True):
    """Some pods of an instance, scraped by one Prometheus."""

    me: Instance[object]
    monitor: str  # the instance that monitors
    offer: monitoring.Offer
    metrics: Metrics
    service: Resource | None

    @property
    def role(self) -> str:
        pods = self.metrics.pods
        return pods if isinstance(pods, str) else pods.role

    @property
    def name(self) -> str:
        """The monitor's name."""
        return f"{self.me.name}-{self.role}-{self.monitor}"

    @property
    def series(self) -> str:
        """The labels of these pods' own series."""
        if self.service is not None:
            return f'namespace="{self.me.namespace}",job="{self.service.name}"'
        return f'job="{self.me.namespace}/{self.name}"'

    @property
    def mark(self) -> str:
        """The label of the Service that is scraped: another may have the same pods behind it."""
        return f"scraped.{PREFIX}/{self.monitor}"

    def object(self) -> Resource:
        """The monitor."""
        how = {"path": self.metrics.path, "interval": self.offer.interval}
        if self.service is None:
            spec = {
                "selector": {"matchLabels": labels_of(self.me, self.metrics.pods)},
                "podMetricsEndpoints": [{**_where(self.metrics), **how}],
            }
            return of_operator(self.me, "PodMonitor", self.name, self.offer, spec)
        labels = {"app.kubernetes.io/instance": self.me.name, self.mark: self.role}
        port = _port(self.service, self.metrics) or PORT
        spec = {"selector": {"matchLabels": labels}, "endpoints": [{"port": port, **how}]}
        return of_operator(self.me, "ServiceMonitor", self.name, self.offer, spec)

    def scraped(self, resource: Resource) -> Resource:
        """The Service, with its mark and the port; any other object as it is."""
        if self.service is None or resource.id != self.service.id:
            return resource
        metadata, spec = resource.manifest["metadata"], resource.manifest["spec"]
        if _port(resource, self.metrics) is None:
            number = self.metrics.port
            added = {"name": PORT, "port": number, "targetPort": number}
            spec = {**spec, "ports": [*spec["ports"], added]}
        labels = {**metadata["labels"], self.mark: self.role}
        manifest = {**resource.manifest, "metadata": {**metadata, "labels": labels}, "spec": spec}
        return replace(resource, manifest=manifest)


def service_of(
    me: Instance[object], metrics: Metrics, resources: Iterable[Resource]
) -> Resource | None:
    """The Service of ours through which some pods are found; best one that has their port."""
    if isinstance(metrics.pods, Made):
        return None
    pods = selector(me, metrics.pods)
    able = [
        one for one in resources
        if one.kind == "Service" and one.manifest["spec"].get("selector") == pods
    ]  # fmt: skip

    def rank(one: Resource) -> tuple[bool, bool, str]:
        headless = one.manifest["spec"].get("clusterIP") == "None"
        return _port(one, metrics) is None, headless, one.name

    return min(able, key=rank, default=None)


def of_operator(
    me: Instance[object], kind: str, name: str, offer: monitoring.Offer, spec: Manifest
) -> Resource:
    """An object of the operator's API, with the labels by which its Prometheus takes it."""
    metadata = {"name": name, "namespace": me.namespace, "labels": dict(offer.selects)}
    api = "monitoring.coreos.com/v1"
    return Resource({"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec})


def _where(metrics: Metrics) -> Manifest:
    """On which port of a pod. Without a number, each container is one candidate at least."""
    if metrics.relabelings:
        return {"relabelings": list(metrics.relabelings)}
    where: Manifest = {"portNumber": metrics.port}
    if metrics.tls:
        where |= {"scheme": "https", "tlsConfig": {"insecureSkipVerify": True}}
    return where


def _port(service: Resource, metrics: Metrics) -> str | None:
    """The name of the metrics' port on a Service."""
    for port in service.manifest["spec"]["ports"]:
        if port["targetPort"] == metrics.port:
            return str(port["name"])
    return None
