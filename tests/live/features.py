"""A feature store's definitions and queries, for any back end: three customers and
their orders."""

from __future__ import annotations

import time
from textwrap import indent

from compiler.interfaces import redis
from live.bindings import graph
from live.pods.node import Node
from live.pods.objects import pod_template
from live.steps import Client

# Past the servers' cache of the registry: a minute.
PATIENCE = 90.0

# Two sources of the same data: one names its store, the other leaves that to its reader.
FILE = (
    """FileSource(
    name="orders",
    path=os.environ["FEAST_OFFLINE_URI"] + "/orders.parquet",
    timestamp_field="event_timestamp",
    s3_endpoint_override=os.environ["FEAST_S3_ENDPOINT_URL"],
)""",
    """FileSource(
    name="values",
    path=os.environ["FEAST_OFFLINE_URI"] + "/orders.parquet",
    timestamp_field="event_timestamp",
)""",
)
TABLE = (
    'PostgreSQLSource(name="orders", table="orders", timestamp_field="event_timestamp")',
    'PostgreSQLSource(name="values", table="orders", timestamp_field="event_timestamp")',
)
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
    ],
    source=ORDERS,
)
order_values = FeatureView(
    name="order_values",
    entities=[customer],
    ttl=timedelta(days=30),
    schema=[
        Field(name="customer_id", dtype=Int64),
        Field(name="order_value", dtype=Float32),
    ],
    source=VALUES,
)
"""
# To the lake, like the program that fills it.
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
    print([row["values"] for row in answer["results"]][1])
except urllib.error.HTTPError as error:
    if error.code != 404:
        raise
    print("not known yet:", error.read())
"""
# By the server, which would write with its own login: the order count of a customer.
PUSH = """
import datetime, json, os, urllib.error, urllib.request

now = datetime.datetime.now(datetime.timezone.utc).isoformat()
body = {"feature_view_name": "order_statistics",
        "df": {"customer_id": [1], "order_count": [666], "event_timestamp": [now], "created": [now]}}
request = urllib.request.Request(
    os.environ["FEAST_SERVER_URL"] + "/write-to-online-store",
    data=json.dumps(body).encode(), headers={"Content-Type": "application/json"},
)
try:
    print("written", urllib.request.urlopen(request).status)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode().replace("\\n", " ")[:300])
"""
ONLINE = """
from feast import FeatureStore

features = FeatureStore().get_online_features(
    ["order_statistics:order_count"], [{"customer_id": 2}]
)
print(features.to_dict()["order_count"])
"""
READ = f"""
from feast.errors import FeastObjectNotFoundException

try:{indent(ONLINE, "    ")}
except FeastObjectNotFoundException as error:
    print("not known yet:", error)
"""
# To the registry, by its own API.
WRITING = """
from feast import Entity, FeatureStore

store = FeatureStore()
try:
    store.registry.apply_entity(Entity(name="mine", join_keys=["mine"]), store.project)
    print("written")
except Exception as error:
    print(type(getattr(error, "orig", error)).__name__, str(error).replace("\\n", " ")[:300])
"""
TRAIN = """
import datetime, pandas
from feast import FeatureStore

now = datetime.datetime.now(datetime.timezone.utc)
frame = pandas.DataFrame({"customer_id": [1, 2, 3], "event_timestamp": [now] * 3})
table = FeatureStore().get_historical_features(frame, ["order_values:order_value"]).to_df()
print(table.sort_values("customer_id")["order_value"].tolist())
"""


def repository(orders: str, values: str) -> str:
    """Feast's `repository` in a spec, with a view over each of two sources."""
    text = DEFINITIONS.replace("ORDERS", indent(orders, "    ").strip())
    text = text.replace("VALUES", indent(values, "    ").strip())
    return f"""
      repository:
        validateSources: false
        files:
          features.py: |{indent(text, " " * 12)}"""


def served(node: Node) -> None:
    """Online values come back over HTTP, and missing ones as nothing."""
    _answered(node, ASK, "[5, 11, None]")


def read(node: Node, expected: str) -> None:
    """Online values come back to the Feast of a training pod."""
    _answered(node, READ, expected)


def _answered(node: Node, program: str, expected: str) -> None:
    """Each worker of a server keeps a copy of the registry: one that read it before the definitions
    were applied, or amid that, knows nothing of them until it reads it anew."""
    deadline = time.monotonic() + PATIENCE
    while (answer := python(node, program)) != expected:
        assert answer.startswith("not known yet"), answer
        assert time.monotonic() < deadline, answer


def python(node: Node, program: str) -> str:
    """The last line that a program prints in a new pod of the workload `training`."""
    return node.script("mlops", "training", program).strip().splitlines()[-1]


# For mutants -----------------------------------------------------------------------------------

# One file of all of Feast's pods is broken once: where all that it says is needed.
SHARED = r" in feature_store.yaml$"
LISTENING = r"^port in the command"
# Feast checks the types of its calls: to prepare for it takes longer than all else at its start.
QUICK = """
import typeguard
typeguard.typechecked = lambda checked: checked
"""
# All rows, however often; the CronJob's command looks at the rows since the last run. The view
# of the CronJob alone: pods run at once, and a failing pod would leave another view unservable.
MATERIALIZE = f"""{QUICK}
import datetime
from feast import FeatureStore

now = datetime.datetime.now(datetime.timezone.utc)
FeatureStore().materialize(now - datetime.timedelta(days=1), now, ["order_statistics"])
"""
LIST = f"""{QUICK}
from feast import FeatureStore

assert FeatureStore().list_feature_views()
"""
# Feast learns a view's columns from its source where no schema says them, for which a file must name
# its store; and takes a view that is gone from the online store, too. Each pod has a project of its
# own, or it would undo another's work.
APPLY = f"""{QUICK}
import os, pathlib, re, uuid

path = pathlib.Path("/tmp/feature_store.yaml")
text = pathlib.Path(os.environ["FEAST_FS_YAML_FILE_PATH"]).read_text()
path.write_text(text.replace("project: ", f"project: p{{uuid.uuid4().hex}}_"))
os.environ["FEAST_FS_YAML_FILE_PATH"] = str(path)

from feast import Entity, FeatureStore, FeatureView

definitions = pathlib.Path("/repo/features.py").read_text()
module = {{}}
exec(re.sub(r"schema=\\[.*?\\],", "", definitions, count=1, flags=re.DOTALL), module)
views = [value for value in module.values() if isinstance(value, FeatureView)]
store = FeatureStore()
store.apply([module["customer"], *views])
store.apply([], objects_to_delete=views, partial=False)
"""


def awaiting(node: Node, server: str) -> Client:
    """The work of a server's init container: it waits for the registry's tables."""
    template = pod_template(node.objects.get("Deployment", "mlops", server))
    (init,) = template["spec"]["initContainers"]
    return Client(server, QUICK + init["command"][-1], init=init["name"])


def users(spec: str, node: Node, host: str, verb: str) -> str:
    """A program that does something to a key of each of Redis' users, as that user; readers read it."""
    program = f'import redis\nhost = "{host}.mlops.svc.cluster.local"\n'
    for binding in graph(spec).bindings:
        if isinstance(binding.claim, redis.Claim):
            login = {"username": binding.secret, **node.secret_values("mlops", binding.secret)}
            (pattern,) = binding.claim.keys
            key = pattern.replace("*", "tried")
            command = "GET" if binding.claim.read_only else verb
            program += f"redis.Redis(host, **{login!r}).execute_command({command!r}, {key!r})\n"
    return program
