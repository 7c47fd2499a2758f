"""Add exporters, monitors, alerts, and access for the scraper to monitored platforms.

Components declare the metrics of their pods. Alerts on volumes, scheduled runs and models that
scale to zero follow from the objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from string import Template

from msgspec.structs import replace

from compiler.derive import object_alerts
from compiler.derive.packages import each_package, with_pod
from compiler.derive.scraping import PORT, ScrapeTarget, service_of
from compiler.diagnostics import Report
from compiler.interfaces import monitoring
from compiler.kube.labels import COMPONENT
from compiler.lower import package_of
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.metrics import Alert, Metrics
from compiler.model.package import Lowered, Package
from compiler.model.resource import Env, Ingress, Resource, pod_template
from compiler.registry import in_upstream_namespace


def derive(lowered: Lowered, report: Report) -> Lowered:
    offers = [
        (name, offer)
        for name, slots in sorted(lowered.graph.offers.items())
        for offer in slots.values()
        if isinstance(offer, monitoring.Offer)
    ]
    if offers:
        lowered = each_package(lowered, _publishing)
    for name, offer in offers:
        lowered = _monitored(lowered, name, offer)
    # A package with only metrics is empty without monitoring.
    packages = {
        name: package
        for name, package in lowered.packages.items()
        if package.resources or package.configs
    }
    return replace(lowered, packages=packages)


def _publishing(package: Package) -> Package:
    """A package whose pods publish their metrics: once, however many Prometheus servers read them."""
    if package.instance is None or not package.metrics:
        return package
    logins = [metrics.login for metrics in package.metrics if metrics.login is not None]
    return replace(
        package,
        resources=tuple(_changed(resource, package.metrics) for resource in package.resources),
        credentials=(*package.credentials, *(login.credential for login in logins)),
    )


def _monitored(lowered: Lowered, name: str, offer: monitoring.Offer) -> Lowered:
    """Add the objects of one Prometheus to every package with metrics."""

    def monitor(package: Package) -> Package:
        me = package.instance
        if me is None:
            return package
        sources = [
            ScrapeTarget(me, name, offer, metrics, service_of(me, metrics, package.resources))
            for metrics in package.metrics
        ]
        objects = [source.object() for source in sources]
        alerts = tuple(_alerts(sources, package.resources))
        if alerts:
            objects.append(_rule(me, name, offer, alerts))
        scraped = (_scraped(resource, sources) for resource in package.resources)
        ingress = (
            () if in_upstream_namespace(me) else tuple(_scrape_access(source) for source in sources)
        )
        return replace(
            package,
            resources=(*scraped, *objects),
            ingress=(*package.ingress, *ingress),
        )

    return _with_models(each_package(lowered, monitor), name, offer)


def _with_models(lowered: Lowered, name: str, offer: monitoring.Offer) -> Lowered:
    """Add alerts about models to the monitoring's own package: one alert covers thousands of
    models.
    """
    me = lowered.graph.instances[name]
    sleeping = {
        (resource.namespace, deployments)
        for package in lowered.models.values()
        for resource in package.resources
        if (deployments := object_alerts.sleeping(resource))
    }
    rules = tuple(
        _rule(replace(me, namespace=space), "models", offer,
              (object_alerts.waking(space, deployments),))
        for space, deployments in sorted(sleeping)
    )  # fmt: skip
    if not rules:
        return lowered
    package = package_of(me, rules)
    return replace(lowered, packages=dict(sorted({**lowered.packages, name: package}.items())))


def _scraped(resource: Resource, sources: Sequence[ScrapeTarget]) -> Resource:
    """A Service with the marks and ports by which one Prometheus finds its pods."""
    for source in sources:
        resource = source.scraped(resource)
    return resource


def _changed(resource: Resource, published: Iterable[Metrics]) -> Resource:
    """A workload whose containers publish metrics, and whose Jobs make the logins of exporters."""
    template = pod_template(resource.manifest)
    if template is None:
        return resource
    role = template["metadata"]["labels"].get(COMPONENT)
    containers = template["spec"]["containers"]
    for metrics in published:
        if metrics.pods == role:
            containers = _with_metrics(containers, metrics)
        if metrics.login is not None and metrics.login.created_by == role:
            containers = _with_env(containers, metrics.login.env)
    if containers is template["spec"]["containers"]:
        return resource
    extended = {**template, "spec": {**template["spec"], "containers": containers}}
    return replace(resource, manifest=with_pod(resource.manifest, extended))


def _with_metrics(containers: list[Manifest], metrics: Metrics) -> list[Manifest]:
    """Add the exporter, or the variables and arguments of the program, that publish a pod's metrics."""
    if metrics.exporter is not None:
        return [*containers, metrics.exporter]
    if not metrics.env and not metrics.args:
        return containers
    program, *sidecars = _with_env(containers, metrics.env)
    publishing = {**program, "command": [*program["command"], *metrics.args]}
    if metrics.port not in [port["containerPort"] for port in program["ports"]]:
        publishing["ports"] = [*program["ports"], {"name": PORT, "containerPort": metrics.port}]
    return [publishing, *sidecars]


def _with_env(containers: list[Manifest], env: Iterable[Env]) -> list[Manifest]:
    """The containers of a pod, with more variables for its program."""
    program, *sidecars = containers
    return [
        {**program, "env": [*program["env"], *(variable.manifest() for variable in env)]},
        *sidecars,
    ]


def _alerts(sources: Iterable[ScrapeTarget], resources: Iterable[Resource]) -> Iterator[Alert]:
    """The alerts of an instance, each limited to its own pods."""
    for source in sources:
        for alert in source.metrics.alerts:
            yield replace(alert, expr=Template(alert.expr).substitute(pods=source.series))
    for resource in resources:
        yield from object_alerts.alerts(resource)


def _rule(
    me: Instance[object], monitor: str, offer: monitoring.Offer, alerts: tuple[Alert, ...]
) -> Resource:
    """The object with the alerts of an instance."""
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
    return monitoring.resource(
        monitoring.RULE, me, f"{me.name}-{monitor}", offer, {"groups": groups}
    )


def _scrape_access(source: ScrapeTarget) -> Ingress:
    metrics, offer = source.metrics, source.offer
    ports = (metrics.port, *metrics.further_ports)
    return Ingress(
        source.monitor, offer.namespace, metrics.pods, ports, offer.scraper,
        paths=(metrics.path,),
    )  # fmt: skip
