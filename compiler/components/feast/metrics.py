"""Metrics of the feature server, which it serves from a separate process and port with `--metrics`.

Feast 0.67: the freshness of a view counts from the end of its last materialization, which the
registry records.
"""

from __future__ import annotations

from compiler import model
from compiler.components.feast.spec import Materialize, Spec
from compiler.spec import cron
from compiler.spec.duration import seconds

PORT = 8000
YEAR = 366 * 86400


def of(me: model.Instance[Spec]) -> model.Metrics:
    alerts = tuple(_stale(run) for _, run in sorted(me.spec.runs.items()))
    return model.Metrics(pods="server", port=PORT, args=("--metrics",), alerts=alerts)


def _stale(run: Materialize) -> model.Alert:
    """An alert on views older than the longest time between two runs plus the timeout of one."""
    oldest = (cron.longest_gap(run.schedule) or YEAR) + seconds(run.timeout)
    views = f',feature_view=~"{"|".join(run.views)}"' if run.views else ""
    return model.Alert(
        "FeaturesStale",
        f"max by (feature_view) (feast_feature_freshness_seconds{{$pods{views}}}) > {oldest}",
        "5m",
        "A feature view has not been materialised in time: models are served values of yesterday.",
    )
