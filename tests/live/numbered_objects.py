"""Objects that a workload writes by number, and a count of those that a store has lost.

A request waits for 10 s at most and is not repeated by the client: a test sees each that fails. An object
counts as lost where it cannot be read for two minutes, or is read as another: right after a server has gone,
a store may wait for it longer than a client waits for the store.
"""

from __future__ import annotations

from live.pods.node import Node

OBJECTS = 300
CLIENT = """
import boto3, time
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
s3 = boto3.client("s3", config=Config(connect_timeout=2, read_timeout=10, retries={"max_attempts": 1}))
def body(number):
    return b"%d," % number * 3000
def read(number):
    return s3.get_object(Bucket="training", Key=f"runs/{number}")["Body"].read()
"""
COUNT = f"""{CLIENT}
failures = 0
def is_lost(number):
    global failures
    end = time.monotonic() + 120
    while True:
        try:
            return read(number) != body(number)
        except (BotoCoreError, ClientError):
            failures += 1
            if time.monotonic() > end:
                return True
            time.sleep(1)
print("lost", sum(is_lost(number) for number in range({OBJECTS})), "after", failures, "failed reads")
"""


def lost(node: Node) -> int:
    return int(node.script("mlops", "training", COUNT, 400).split("lost ")[1].split()[0])
