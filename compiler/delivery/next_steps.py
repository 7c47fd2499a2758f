"""List the next commands after a first compile, and the commands that open the pages and start workloads."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.delivery.local_ports import local_ports
from compiler.delivery.steps import SpecLocation
from compiler.interfaces import gateway
from compiler.model.hosts import Opened, opened
from compiler.model.package import Lowered
from compiler.model.resource import Resource
from compiler.upstream.prerequisites import needs_of_vendored, prerequisites


def after_compile(lowered: Lowered, location: SpecLocation) -> Iterator[tuple[str, str]]:
    """The commands from a compiled environment to a delivered one, each with its effect."""
    environment = f"{lowered.platform.environment}{location.options}"
    if prerequisites(lowered.graph) or needs_of_vendored(lowered.graph):
        yield f"platformc prerequisites {environment}", "lists what the cluster must have first"
    if lowered.credentials:
        yield _credentials(lowered, environment)
    yield f"platformc apply-plan {environment}", "prints the commands that deliver it, in order"


def _credentials(lowered: Lowered, environment: str) -> tuple[str, str]:
    if lowered.platform.settings.secrets.are_generated:
        return f"platformc secrets generate {environment}", "makes the credentials that are missing"
    return f"platformc secrets list {environment}", "lists the Secrets that must exist"


def pages(lowered: Lowered) -> Iterator[str]:
    """How to open each page for people: by its host, and from a laptop past network policies."""
    routed = gateway.routed(lowered.graph)
    scheme = "https" if lowered.platform.settings.tls else "http"
    shown = [
        (name, page)
        for name, openings in opened(lowered.graph).items()
        for page in openings
        if page.offer.ui and not page.offer.external
    ]
    ports = local_ports([page.offer.port for _, page in shown])
    for (name, page), port in zip(shown, ports, strict=True):
        if page.exposed and name in routed:
            yield f"open {page.name} at {scheme}://{page.host}"
        yield _page(page, port, routed=name in routed)


def _page(page: Opened, local: int, *, routed: bool) -> str:
    instance = page.instance
    service = f"service/{page.offer.service or instance.service}"
    ports = f"{local}:{page.offer.port}"
    command = f"kubectl port-forward -n {instance.namespace} {service} {ports}"
    # The certificate is the server's own, of which a browser warns.
    scheme = "https" if page.offer.tls_unrouted and not routed else "http"
    return f"open {page.name} at {scheme}://localhost:{local}: {command}"


def runs(lowered: Lowered) -> Iterator[str]:
    """How people start each workload that has no schedule."""
    for name, package in lowered.packages.items():
        instance = lowered.platform.instances.get(name)
        if instance is None or instance.section != "workloads" or instance.spec.schedule:
            continue
        for resource in package.resources:
            if command := _start(resource):
                yield f"start {name}: {command}"


def _start(resource: Resource) -> str:
    """The command that starts a run of an object; empty if it runs when it is applied."""
    if resource.kind == "CronJob":
        name = resource.name
        return f"kubectl create job -n {resource.namespace} {name}-1 --from=cronjob/{name}"
    command = resource.custom.start if resource.custom else ""
    return command.format(name=resource.name, namespace=resource.namespace)
