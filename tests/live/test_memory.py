"""The module's second fault: a Redis that is fed more than it may hold.

Its memory limit is derived together with `maxmemory`: it forgets keys, and is never killed for
its content.
"""

from __future__ import annotations

import re

import pytest

from live.bindings import idle
from live.platforms import Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

MEBIBYTE = 2**20
LIMIT = 192
SPEC = f"""
  components:
    redis: {{memory: {LIMIT}Mi, persistence: none}}
  workloads:
    loader:
      image: registry.example.internal/loader:1.0.0
      command: [python, load.py]
      uses: [redis]
"""
# Twice the limit, in values of 64 KiB, over a plain socket.
LOAD = """
import os, socket
def word(*words):
    parts = [b"*%d" % len(words)]
    for argument in words:
        argument = argument if isinstance(argument, bytes) else str(argument).encode()
        parts += [b"$%d" % len(argument), argument]
    return bytes().join(part + bytes([13, 10]) for part in parts)
redis = socket.create_connection((os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"])), 30)
redis.sendall(word("AUTH", os.environ["REDIS_USERNAME"], os.environ["REDIS_PASSWORD"]))
assert redis.recv(64).startswith(b"+OK"), "cannot log in"
refused = 0
for number in range(COUNT):
    redis.sendall(word("SET", "fed:%d" % number, bytes(65536)))
    refused += not redis.recv(256).startswith(b"+OK")
print("refused", refused)
""".replace("COUNT", str(2 * LIMIT * 16))


def peak(node: Node) -> int:
    """The most memory that any process of the server ever had."""
    pod = node.pod("mlops", "redis")
    name = pod.spec["containers"][0]["name"]
    script = "cat /proc/[0-9]*/status"
    status = pod.execute(name, ("sh", "-c", script)).stdout.splitlines()
    return max(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


def test_a_redis_that_is_fed_too_much_stays_below_its_limit(platform: Platform, node: Node) -> None:
    loader = node.run("mlops", "loader", command=("python", "-c", LOAD))
    node.until(lambda: loader.finished, 150, [loader])
    assert "refused 0" in node.output(loader)
    limits = node.pod("mlops", "redis").spec["containers"][0]["resources"]["limits"]
    assert limits["memory"] == f"{LIMIT}Mi"
    assert LIMIT * MEBIBYTE / 3 < peak(node) < LIMIT * MEBIBYTE
    assert node.pod("mlops", "redis").restarts == 0
    assert not node.pod("mlops", "redis").killed("redis")


def test_every_binding_was_used(node: Node) -> None:
    assert idle(SPEC, node) == []


def test_without_its_bound_the_same_load_has_it_killed(node: Node) -> None:
    server = node.pod("mlops", "redis")
    name = next(
        volume["configMap"]["name"] for volume in server.spec["volumes"] if "configMap" in volume
    )
    config = node.objects.get("ConfigMap", "mlops", name)
    (unbound, count) = re.subn(r"(?m)^maxmemory.*$", "", config["data"]["redis.conf"])
    assert count == 2  # the bound, and the policy at it
    node.objects.apply([{**config, "data": {**config["data"], "redis.conf": unbound}}])
    node.restart("StatefulSet", "mlops", "redis")
    node.wait(60, "redis")
    loader = node.run("mlops", "loader", command=("python", "-c", LOAD))
    server = node.pod("mlops", "redis")
    node.until(lambda: server.restarts > 0, 150, [server])
    assert server.killed("redis")
    node.until(lambda: loader.failed or loader.finished, 60, [])
    assert loader.failed
