"""Features as processes: Feast, Redis, PostgreSQL behind PgBouncer and MinIO, end to end.

A training pod writes values to the lake, the emitted CronJob's own command brings them online, and
the feature server and the training pod's own Feast read them. Then the platform reads the same files
by DuckDB, where nothing can be downloaded.
"""

from __future__ import annotations

from itertools import chain

import pytest

from live import features, policies
from live.bindings import idle
from live.data import REGIONS, SIGNED, SITE_REGION
from live.platforms import Platform
from live.pods.node import Node
from live.steps import Client, Server, Service
from live.trials import NO_FAULT, Bench, Broken, judged

pytestmark = pytest.mark.live

SPEC = f"""
  components:
    minio:{SITE_REGION}
    postgres: {{}}
    pgbouncer: {{}}
    redis: {{memory: 256Mi, replicas: 2}}
    feast:
      project: on_prem_mlops
      bucket: lake-bucket
      database: registry_db
      keyTtl: 30d
      materialize: {{schedule: "*/15 * * * *"}}{features.repository(*features.FILE)}
  workloads:
    training:
      image: quay.io/feastdev/feature-server:0.67.0
      command: [python, train.py]
      uses: [feast, redis]
"""

REDIS = """
import os, redis

def refused(action):
    try:
        action()
    except redis.exceptions.RedisError as error:
        return type(error).__name__

primary, copy = (redis.from_url(os.environ[name]) for name in ("REDIS_URL", "REDIS_READ_URL"))
feast = redis.Redis(
    host=os.environ["REDIS_HOST"], username=os.environ["FEAST_REDIS_USERNAME"],
    password=os.environ["FEAST_REDIS_PASSWORD"],
)
primary.set("mine", "x")
primary.wait(1, 5000)
print(
    primary.info("memory")["maxmemory"], copy.get("mine").decode(), refused(lambda: copy.set("a", "b")),
    refused(lambda: feast.get("mine")), refused(primary.flushall),
    refused(redis.Redis(host=os.environ["REDIS_HOST"]).ping),
)
"""

# The later rows of the lake: two orders more of the second customer, three seconds ago, for a run
# ends with the last whole second.
LATER = features.WRITE.replace("[5, 7, 11]", "[5, 9, 11]").replace(
    "(30, 20, 10)", "(0.05, 0.05, 0.05)"
)
DUCKS = SPEC.replace("      keyTtl", "      offlineStore: duckdb\n      keyTtl")


def test_values_come_online_and_are_served(platform: Platform, node: Node) -> None:
    node.script("mlops", "training", features.WRITE)
    node.rerun("mlops", "feast-materialize")
    features.served(node)
    features.read(node, "[7]")


def test_the_offline_store_is_read_with_what_feasts_image_has(
    platform: Platform, node: Node
) -> None:
    answer = node.execute("mlops", "feast", "python", "-c", features.TRAIN, timeout=120)
    assert answer.strip().splitlines()[-1] == "[1.5, 2.5, 3.5]"


def test_a_client_reads_the_registry_and_cannot_write_it(platform: Platform, node: Node) -> None:
    assert features.python(node, features.WRITING).startswith("InsufficientPrivilege ")


def test_a_client_writes_no_value_by_the_server(platform: Platform, node: Node) -> None:
    assert features.python(node, features.PUSH).startswith("500 ")
    features.served(node)


def test_redis_keeps_its_bound_and_its_users_apart(platform: Platform, node: Node) -> None:
    keys = int(256 * 2**20 * 0.55)
    refusals = "ReadOnlyError NoPermissionError NoPermissionError AuthenticationError"
    assert features.python(node, REDIS) == f"{keys} x {refusals}"


# Mutation (trials.py) --------------------------------------------------------------------------

NAMES = {"lake-bucket": "bucket", "registry_db": "database", "on_prem_mlops": "project"}
KEYS = """
import os, redis

host, port = os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"])
login = {part: os.environ[f"REDIS_{part.upper()}"] for part in ("username", "password")}
redis.Redis(host, port, **login).set("mine", "x")
for name in ("REDIS_URL", "REDIS_READ_URL"):
    redis.from_url(os.environ[name]).get("mine")
"""
LAKE = f"""
BUCKET = "lake-bucket"{REGIONS}
import boto3

s3 = boto3.client("s3")
s3.list_objects_v2(Bucket="lake-bucket"){SIGNED}"""
TRAINING = features.ASK + KEYS + LAKE + features.WRITE + features.QUICK + features.ONLINE
CONFIG = r" in etc-aws-config$"
# Feast itself reads the lake by pyarrow, a user's definitions perhaps by boto3.
ONLINE = LAKE + features.MATERIALIZE + features.ONLINE


@pytest.mark.parametrize(
    ("client", "without"),
    [
        (Client("training", TRAINING), NO_FAULT),
        (Client("feast-materialize", ONLINE), NO_FAULT),
        (Client("feast-apply", LAKE + features.APPLY), features.SHARED),
        # The server's use of its variables, without the time that it takes to start.
        (Client("feast", ONLINE), features.SHARED),
    ],
    ids=["training", "materialize", "apply", "server"],
)
def test_every_broken_reference_of_a_client_is_noticed(
    platform: Platform, node: Node, client: Client, without: str
) -> None:
    judged(Bench(node, NAMES).row(Broken(client, without=without)))


def test_the_server_waits_in_vain_by_a_broken_reference(platform: Platform, node: Node) -> None:
    waiting_pods = features.awaiting(node, "feast")
    judged(Bench(node, NAMES).row(Broken(waiting_pods, without=rf"{features.SHARED}|{CONFIG}")))


def test_every_broken_reference_of_redis_is_noticed(platform: Platform, node: Node) -> None:
    secret = node.secret_values("mlops", "redis-replication")
    follow = f"redis.Redis(host, username='replication', **{secret!r}).ping()"
    writing = Client("training", features.users(SPEC, node, "redis", "INCR") + follow)
    reading = Client("training", features.users(SPEC, node, "redis-read", "GET"))
    bench = Bench(node, NAMES, together=16)
    replica = Server("redis-replica", kind="StatefulSet")
    judged(
        chain(
            bench.row(Broken(Server("redis", kind="StatefulSet")), writing),
            bench.row(Broken(replica), reading),
        )
    )


def test_a_broken_service_or_probe_is_noticed(platform: Platform, node: Node) -> None:
    bench, client = Bench(node, NAMES), Client("training", KEYS)
    users = {
        Service("redis"): client,
        Service("redis-read"): client,
        Service("feast"): Client("training", features.ASK),
    }
    listening = bench.row(Broken(Server("feast"), only=features.LISTENING))
    judged(chain(bench.services(users), bench.probes(), listening))


def test_every_broken_policy_is_noticed(platform: Platform, node: Node) -> None:
    judged(policies.trials(node))


def test_every_binding_was_used(platform: Platform, node: Node) -> None:
    assert idle(SPEC, node) == []


def test_duckdb_reads_the_same_files_without_its_extension(platform: Platform, node: Node) -> None:
    # The servers go on as they are: the CronJob and the training pod read the lake.
    later = platform.write(DUCKS).compile()
    node.apply(manifest for manifest in later if manifest["kind"] in ("ConfigMap", "CronJob"))
    assert features.python(node, features.TRAIN) == "[1.5, 2.5, 3.5]"
    node.script("mlops", "training", LATER)
    node.rerun("mlops", "feast-materialize")
    features.read(node, "[9]")
