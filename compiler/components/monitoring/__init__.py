"""Monitoring by the Prometheus operator: scrape targets, and alerts for common failures of the
platform.

The objects are derived (see derive/monitoring.py), each in the package of its instance. Facts are
of prometheus-operator 0.93, of kube-prometheus-stack, whose Prometheus selects objects with its
release's label, and of kube-state-metrics and the kubelet, which publish metrics of volumes and
Jobs.
"""

from collections.abc import Iterator

from pydantic import Field

from compiler import model
from compiler.interfaces import monitoring
from compiler.spec.duration import seconds
from compiler.spec.labels import Labels
from compiler.spec.types import Duration, Namespace

PHASE = model.Phase.SERVERS
UPSTREAM_NAMESPACE = True
SCRAPING = model.Provides("scraping", monitoring.Endpoint)
VERSION = "0.93.0"
# The release of the chart with this operator (its appVersion). Unlike an OCI address, its file can be on any
# web server.
CHART = "kube-prometheus-stack-88.2.0"
# `rate(...[5m])` needs two samples, and a sample is used for five minutes (Prometheus 3, `query.lookback-delta`).
LONGEST_INTERVAL = 120
CHARTS = "https://github.com/prometheus-community/helm-charts/releases/download"


class Spec(model.InstanceSpec):
    """An existing Prometheus."""

    namespace: Namespace | None = Field(default="monitoring", description="Where Prometheus runs.")
    scraper: Labels = Field(
        default={"app.kubernetes.io/name": "prometheus"}, description="Labels of its pods."
    )
    selects: Labels = Field(
        default={"release": "kube-prometheus-stack"},
        description="Labels of the PodMonitors and PrometheusRules that it selects.",
    )
    interval: Duration = Field(
        default="30s", description="How often it scrapes, at most every `2m`."
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def problems(me: model.Instance[Spec]) -> Iterator[model.Problem]:
    """An interval at which alerts see too few samples."""
    if seconds(me.spec.interval) > LONGEST_INTERVAL:
        yield model.Problem(
            "out-of-range",
            f"`{me.name}` scrapes every {me.spec.interval}: alerts need two samples within five minutes, "
            "and would never fire",
            ("interval",),
            "write `interval: 2m` or less",
        )


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {
        SCRAPING: monitoring.Offer(
            port=9090,
            namespace=me.namespace,
            scraper=me.spec.scraper,
            selects=me.spec.selects,
            interval=me.spec.interval,
        )
    }


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite:
    install = f"helm install kube-prometheus-stack {CHARTS}/{CHART}/{CHART}.tgz"
    return model.Prerequisite(
        name=me.name,
        system="Prometheus operator",
        version=VERSION,
        namespaces=(me.namespace,),
        how=(f"{install} --namespace {me.namespace} --create-namespace",),
    )


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    return iter(())
