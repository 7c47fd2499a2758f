"""What is asked of a feature store, whatever is behind it: three customers and what they ordered."""

from __future__ import annotations

import time

from live.pods.node import Node

# Past the servers' cache of the registry: a minute.
PATIENCE = 90.0

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
    if error.code != 404 or b"order_statistics" not in (text := error.read()):
        raise
    print("not known yet:", text)
"""
READ = """
from feast import FeatureStore

features = FeatureStore().get_online_features(
    ["order_statistics:order_count"], [{"customer_id": 2}]
)
print(features.to_dict()["order_count"])
"""
TRAIN = """
import datetime, pandas
from feast import FeatureStore

now = datetime.datetime.now(datetime.timezone.utc)
frame = pandas.DataFrame({"customer_id": [1, 2, 3], "event_timestamp": [now] * 3})
table = FeatureStore().get_historical_features(frame, ["order_statistics:order_value"]).to_df()
print(table.sort_values("customer_id")["order_value"].tolist())
"""


def served(node: Node) -> None:
    """What is online comes back over HTTP, and what was never there as nothing.

    A server that read the registry before the definitions were applied answers 404 until it reads
    it anew.
    """
    deadline = time.monotonic() + PATIENCE
    while (answer := python(node, ASK)) != "[5, 11, None]":
        assert time.monotonic() < deadline, answer


def python(node: Node, program: str) -> str:
    """The last line that a program prints in a new pod of the workload `training`."""
    return node.script("mlops", "training", program).strip().splitlines()[-1]
