"""A feature store's definitions, and what is asked of it, whatever is behind it: three customers and
what they ordered."""

from __future__ import annotations

import time
from textwrap import indent

from live.pods.node import Node

# Past the servers' cache of the registry: a minute.
PATIENCE = 90.0

FILE = """FileSource(
    path=os.environ["FEAST_OFFLINE_URI"] + "/orders.parquet",
    timestamp_field="event_timestamp",
    s3_endpoint_override=os.environ["FEAST_S3_ENDPOINT_URL"],
)"""
TABLE = 'PostgreSQLSource(name="orders", table="orders", timestamp_field="event_timestamp")'
DEFINITIONS = """
import os
from datetime import timedelta

from feast import Entity, FeatureView, Field, FileSource
from feast.infra.offline_stores.contrib.postgres_offline_store.postgres_source import (
    PostgreSQLSource,
)
from feast.types import Float32, Int64

customer = Entity(name="customer", join_keys=["customer_id"])
order_statistics = FeatureView(
    name="order_statistics",
    entities=[customer],
    ttl=timedelta(days=30),
    schema=[
        Field(name="customer_id", dtype=Int64),
        Field(name="order_count", dtype=Int64),
        Field(name="order_value", dtype=Float32),
    ],
    source=SOURCE,
)
"""
# To the lake, as whoever fills it does.
WRITE = """
import datetime, os, pandas, pyarrow, pyarrow.parquet
from pyarrow.fs import S3FileSystem

now = datetime.datetime.now(datetime.timezone.utc)
frame = pandas.DataFrame({
    "customer_id": [1, 2, 3], "order_count": [5, 7, 11], "order_value": [1.5, 2.5, 3.5],
    "event_timestamp": [now - datetime.timedelta(minutes=age) for age in (30, 20, 10)],
})
pyarrow.parquet.write_table(
    pyarrow.Table.from_pandas(frame),
    os.environ["FEAST_OFFLINE_URI"].removeprefix("s3://") + "/orders.parquet",
    filesystem=S3FileSystem(endpoint_override=os.environ["FEAST_S3_ENDPOINT_URL"]),
)
"""
ASK = """
import json, os, urllib.error, urllib.request

body = {"features": ["order_statistics:order_count"], "entities": {"customer_id": [1, 3, 9]}}
request = urllib.request.Request(
    os.environ["FEAST_SERVER_URL"] + "/get-online-features",
    data=json.dumps(body).encode(), headers={"Content-Type": "application/json"},
)
try:
    answer = json.load(urllib.request.urlopen(request))
    print([one["values"] for one in answer["results"]][1])
except urllib.error.HTTPError as error:
    if error.code != 404:
        raise
    print("not known yet:", error.read())
"""
READ = """
from feast import FeatureStore
from feast.errors import FeastObjectNotFoundException

try:
    features = FeatureStore().get_online_features(
        ["order_statistics:order_count"], [{"customer_id": 2}]
    )
    print(features.to_dict()["order_count"])
except FeastObjectNotFoundException as error:
    print("not known yet:", error)
"""
TRAIN = """
import datetime, pandas
from feast import FeatureStore

now = datetime.datetime.now(datetime.timezone.utc)
frame = pandas.DataFrame({"customer_id": [1, 2, 3], "event_timestamp": [now] * 3})
table = FeatureStore().get_historical_features(frame, ["order_statistics:order_value"]).to_df()
print(table.sort_values("customer_id")["order_value"].tolist())
"""


def repository(source: str) -> str:
    """Feast's `repository` in a spec, with one view over a source."""
    text = DEFINITIONS.replace("SOURCE", indent(source, "    ").strip())
    return f"""
      repository:
        validateSources: false
        files:
          features.py: |{indent(text, " " * 12)}"""


def served(node: Node) -> None:
    """What is online comes back over HTTP, and what was never there as nothing."""
    _answered(node, ASK, "[5, 11, None]")


def read(node: Node, wanted: str) -> None:
    """What is online comes back to a training pod's own Feast."""
    _answered(node, READ, wanted)


def _answered(node: Node, program: str, wanted: str) -> None:
    """Each worker of a server keeps a copy of the registry: whoever read it before the definitions
    were applied, or amid that, knows nothing of them until it reads it anew."""
    deadline = time.monotonic() + PATIENCE
    while (answer := python(node, program)) != wanted:
        assert answer.startswith("not known yet"), answer
        assert time.monotonic() < deadline, answer


def python(node: Node, program: str) -> str:
    """The last line that a program prints in a new pod of the workload `training`."""
    return node.script("mlops", "training", program).strip().splitlines()[-1]
