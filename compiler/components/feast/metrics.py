"""Metrics of the feature server: a process of its own on a port of its own, when it is asked for.

Facts are of Feast 0.67: how fresh a view is counts from the end of its last materialisation, which
the registry knows, whoever ran it.
"""

from __future__ import annotations

from compiler import model
from compiler.components.feast.spec import Materialize, Spec
from compiler.spec import cron
from compiler.spec.duration import seconds

PORT = 8000
YEAR = 366 * 86400


def of(me: model.Instance[Spec]) -> model.Metrics:
    alerts = tuple(_stale(wanted) for _, wanted in sorted(me.spec.runs.items()))
    return model.Metrics(pods="server", port=PORT, args=("--metrics",), alerts=alerts)


def _stale(wanted: Materialize) -> model.Alert:
    """A view that is older than the longest wait between two runs and the time that one may take."""
    oldest = (cron.longest_gap(wanted.schedule) or YEAR) + seconds(wanted.timeout)
    views = f',feature_view=~"{"|".join(wanted.views)}"' if wanted.views else ""
    return model.Alert(
        "FeaturesStale",
        f"max by (feature_view) (feast_feature_freshness_seconds{{$pods{views}}}) > {oldest}",
        "5m",
        "A feature view has not been materialised in time: models are served values of yesterday.",
    )
