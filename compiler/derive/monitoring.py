"""Where a platform is monitored: exporters, monitors, alerts, and a way in for the scraper.

Components say what metrics their pods have; volumes, scheduled runs and sleeping models are known
from the objects themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from string import Template

from msgspec.structs import replace

from compiler.derive import watches
from compiler.derive.packages import each_package, with_pod
from compiler.derive.scraping import PORT, ScrapeTarget, of_operator, service_of
from compiler.diagnostics import Report
from compiler.interfaces import monitoring
from compiler.lower import dotted
from compiler.model.instance import Instance
from compiler.model.metrics import Alert, Metrics
from compiler.model.package import Lowered, Package
from compiler.model.resource import Env, Ingress, Manifest, Resource, pod_template
from compiler.registry import module, upstreams


def derive(lowered: Lowered, report: Report) -> Lowered:
    for name, slots in sorted(lowered.graph.offers.items()):
        for offer in slots.values():
            if isinstance(offer, monitoring.Offer):
                lowered = _monitored(lowered, name, offer)
    # Who has nothing but metrics has nothing at all where nobody looks.
    packages = {
        name: package
        for name, package in lowered.packages.items()
        if package.resources or package.configs
    }
    return replace(lowered, packages=packages)


def _monitored(lowered: Lowered, name: str, offer: monitoring.Offer) -> Lowered:
    def one(package: Package) -> Package:
        me = package.instance
        if me is None:
            return package
        sources = [
            ScrapeTarget(me, name, offer, metrics, service_of(me, metrics, package.resources))
            for metrics in package.metrics
        ]
        made = [source.object() for source in sources]
        alerts = tuple(_alerts(sources, package.resources))
        if alerts:
            made.append(_rule(me, name, offer, alerts))
        changed = (_changed(resource, sources) for resource in package.resources)
        ways_in = () if upstreams(me) else tuple(_way_in(source) for source in sources)
        logins = [metrics.login for metrics in package.metrics if metrics.login is not None]
        return replace(
            package,
            resources=(*changed, *made),
            credentials=(*package.credentials, *(login.credential for login in logins)),
            ingress=(*package.ingress, *ways_in),
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


def _changed(resource: Resource, sources: Sequence[ScrapeTarget]) -> Resource:
    """An object as it has to be where its pods are scraped."""
    for source in sources:
        resource = source.scraped(resource)
    template = pod_template(resource.manifest)
    if template is None:
        return resource
    role = template["metadata"]["labels"].get("app.kubernetes.io/component")
    containers = template["spec"]["containers"]
    for source in sources:
        metrics = source.metrics
        if metrics.pods == role:
            containers = _told(containers, metrics)
        if metrics.login is not None and metrics.login.made_by == role:
            containers = _with_env(containers, metrics.login.env)
    if containers is template["spec"]["containers"]:
        return resource
    extended = {**template, "spec": {**template["spec"], "containers": containers}}
    return replace(resource, manifest=with_pod(resource.manifest, extended))


def _told(containers: list[Manifest], metrics: Metrics) -> list[Manifest]:
    """What a pod needs to have metrics: an exporter, or a word to its program."""
    if metrics.exporter is not None:
        return [*containers, metrics.exporter]
    if not metrics.env and not metrics.args:
        return containers
    program, *others = _with_env(containers, metrics.env)
    told = {**program, "command": [*program["command"], *metrics.args]}
    if metrics.port not in [port["containerPort"] for port in program["ports"]]:
        told["ports"] = [*program["ports"], {"name": PORT, "containerPort": metrics.port}]
    return [told, *others]


def _with_env(containers: list[Manifest], env: Iterable[Env]) -> list[Manifest]:
    """The program of a pod with some variables more."""
    program, *others = containers
    return [{**program, "env": [*program["env"], *(one.manifest() for one in env)]}, *others]


def _alerts(sources: Iterable[ScrapeTarget], resources: Iterable[Resource]) -> Iterator[Alert]:
    """The alerts of an instance, each about its own pods."""
    for source in sources:
        for alert in source.metrics.alerts:
            yield replace(alert, expr=Template(alert.expr).substitute(pods=source.series))
    for resource in resources:
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
    return of_operator(me, "PrometheusRule", f"{me.name}-{monitor}", offer, {"groups": groups})


def _way_in(source: ScrapeTarget) -> Ingress:
    metrics, offer = source.metrics, source.offer
    ports = (metrics.port, *metrics.others)
    return Ingress(
        source.monitor, offer.namespace, metrics.pods, ports, offer.scraper,
        paths=(metrics.path,),
    )  # fmt: skip
