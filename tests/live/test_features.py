"""Features as processes: Feast, Redis, PostgreSQL behind PgBouncer and MinIO, end to end.

A training pod writes values to the lake, the emitted CronJob's own command brings them online, and
the feature server and the training pod's own Feast read them. Then the platform reads the same files
by DuckDB, where nothing can be downloaded.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from live import features
from live.bindings import idle
from live.platforms import Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

SPEC = """
  components:
    minio: {}
    postgres: {}
    pgbouncer: {}
    redis: {memory: 256Mi, replicas: 2}
    feast:
      project: on_prem_mlops
      keyTtl: 30d
      materialize: {schedule: "*/15 * * * *"}
      repository:
        validateSources: false
        files:
          features.py: |
            import os
            from datetime import timedelta

            from feast import Entity, FeatureView, Field, FileSource
            from feast.types import Float32, Int64

            customer = Entity(name="customer", join_keys=["customer_id"])
            orders = FileSource(
                path=os.environ["FEAST_OFFLINE_URI"] + "/orders.parquet",
                timestamp_field="event_timestamp",
                s3_endpoint_override=os.environ["FEAST_S3_ENDPOINT_URL"],
            )
            order_statistics = FeatureView(
                name="order_statistics",
                entities=[customer],
                ttl=timedelta(days=30),
                schema=[
                    Field(name="customer_id", dtype=Int64),
                    Field(name="order_count", dtype=Int64),
                    Field(name="order_value", dtype=Float32),
                ],
                source=orders,
            )
  workloads:
    training:
      image: quay.io/feastdev/feature-server:0.67.0
      command: [python, train.py]
      uses: [feast, redis]
"""

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
REDIS = """
import os, redis

def refused(action):
    try:
        action()
    except redis.exceptions.RedisError as error:
        return type(error).__name__

own, copy = (redis.from_url(os.environ[name]) for name in ("REDIS_URL", "REDIS_READ_URL"))
feast = redis.Redis(
    host=os.environ["REDIS_HOST"], username=os.environ["FEAST_REDIS_USERNAME"],
    password=os.environ["FEAST_REDIS_PASSWORD"],
)
own.set("mine", "x")
own.wait(1, 5000)
print(
    own.info("memory")["maxmemory"], copy.get("mine").decode(), refused(lambda: copy.set("a", "b")),
    refused(lambda: feast.get("mine")), refused(own.flushall),
    refused(redis.Redis(host=os.environ["REDIS_HOST"]).ping),
)
"""


# What the lake holds later: two orders more of the second customer, three seconds ago, for a run
# ends with the last whole second.
LATER = WRITE.replace("[5, 7, 11]", "[5, 9, 11]").replace("(30, 20, 10)", "(0.05, 0.05, 0.05)")
DUCKS = SPEC.replace("      keyTtl", "      offlineStore: duckdb\n      keyTtl")


@pytest.fixture(scope="module")
def platform(place: Path, node: Node) -> Platform:
    made = Platform(place).write(SPEC)
    node.apply(made.compile())
    node.wait(300)
    return made


def test_values_come_online_and_are_served(platform: Platform, node: Node) -> None:
    node.script("mlops", "training", WRITE)
    node.again("mlops", "feast-materialize")
    features.served(node)
    assert features.python(node, features.READ) == "[7]"


def test_the_offline_store_is_read_with_what_feasts_image_has(
    platform: Platform, node: Node
) -> None:
    answer = node.execute("mlops", "feast", "python", "-c", features.TRAIN, timeout=120)
    assert answer.strip().splitlines()[-1] == "[1.5, 2.5, 3.5]"


def test_redis_keeps_its_bound_and_its_users_apart(platform: Platform, node: Node) -> None:
    keys = int(256 * 2**20 * 0.55)
    refusals = "ReadOnlyError NoPermissionError NoPermissionError AuthenticationError"
    assert features.python(node, REDIS) == f"{keys} x {refusals}"


def test_every_binding_was_used(platform: Platform, node: Node) -> None:
    assert idle(SPEC, node) == []


def test_duckdb_reads_the_same_files_without_its_extension(platform: Platform, node: Node) -> None:
    # The servers go on as they are: who reads the lake are the CronJob and the training pod.
    later = platform.write(DUCKS).compile()
    node.apply(one for one in later if one["kind"] in ("ConfigMap", "CronJob"))
    assert features.python(node, features.TRAIN) == "[1.5, 2.5, 3.5]"
    node.script("mlops", "training", LATER)
    node.again("mlops", "feast-materialize")
    assert features.python(node, features.READ) == "[9]"
