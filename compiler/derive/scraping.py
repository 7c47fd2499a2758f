"""Make the objects by which Prometheus finds metrics, and the labels that select their series.

A ServiceMonitor finds pods behind a Service of the platform. Pods that an operator creates have
none, so a PodMonitor finds them. With prometheus-operator 0.93, `job` is the Service's name for a
ServiceMonitor, and the monitor's namespace and name for a PodMonitor.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from compiler.derive.own_pods import labels_of
from compiler.interfaces import monitoring
from compiler.kube.labels import INSTANCE, selector
from compiler.model.instance import PREFIX, Instance
from compiler.model.manifest import Manifest
from compiler.model.metrics import Metrics
from compiler.model.resource import OperatorPods, Resource

PORT = "http-metrics"  # the name of a port that serves only metrics


class ScrapeTarget(Struct, frozen=True):
    """Pods of an instance that one Prometheus scrapes."""

    me: Instance[object]
    monitor: str  # the name of the monitoring instance
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
        """The labels that select the series of these pods."""
        if self.service is not None:
            return f'namespace="{self.me.namespace}",job="{self.service.name}"'
        return f'job="{self.me.namespace}/{self.name}"'

    @property
    def mark(self) -> str:
        """The label of the scraped Service: another Service may select the same pods."""
        return f"scraped.{PREFIX}/{self.monitor}"

    def object(self) -> Resource:
        """The ServiceMonitor or PodMonitor."""
        scrape = {"path": self.metrics.path, "interval": self.offer.interval}
        if self.service is None:
            spec = {
                "selector": {"matchLabels": labels_of(self.me, self.metrics.pods)},
                "podMetricsEndpoints": [{**_endpoint(self.metrics), **scrape}],
            }
            return monitoring.resource(monitoring.POD_MONITOR, self.me, self.name, self.offer, spec)
        labels = {INSTANCE: self.me.name, self.mark: self.role}
        port = _port(self.service, self.metrics) or PORT
        spec = {"selector": {"matchLabels": labels}, "endpoints": [{"port": port, **scrape}]}
        return monitoring.resource(monitoring.SERVICE_MONITOR, self.me, self.name, self.offer, spec)

    def scraped(self, resource: Resource) -> Resource:
        """The Service with its mark and the metrics port; any other object unchanged."""
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
    """The instance's Service that selects these pods, preferably one with the metrics port."""
    if isinstance(metrics.pods, OperatorPods):
        return None
    pods = selector(me, metrics.pods)
    candidates = [
        service for service in resources
        if service.kind == "Service" and service.manifest["spec"].get("selector") == pods
    ]  # fmt: skip

    def rank(service: Resource) -> tuple[bool, bool, str]:
        headless = service.manifest["spec"].get("clusterIP") == "None"
        return _port(service, metrics) is None, headless, service.name

    return min(candidates, key=rank, default=None)


def _endpoint(metrics: Metrics) -> Manifest:
    """The port of a pod to scrape. Without a port number, each container is a target at least once."""
    if metrics.relabelings:
        return {"relabelings": list(metrics.relabelings)}
    endpoint: Manifest = {"portNumber": metrics.port}
    if metrics.tls:
        endpoint |= {"scheme": "https", "tlsConfig": {"insecureSkipVerify": True}}
    return endpoint


def _port(service: Resource, metrics: Metrics) -> str | None:
    """The name of the metrics port on a Service."""
    for port in service.manifest["spec"]["ports"]:
        if port["targetPort"] == metrics.port:
            return str(port["name"])
    return None
