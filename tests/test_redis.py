"""Redis and Valkey: the sizes that follow from `memory`, and the logins."""

from __future__ import annotations

from typing import Any

import pytest
from support.cluster import Template, objects, templates

from compiler.components.bases import redis
from compiler.spec import quantity

SERVERS = [
    ("redis", "large", "features", "redis.conf"),
    ("redis", "small", "features", "redis.conf"),
    ("redis", "large", "cache", "redis.conf"),
    ("redis", "large", "snapshots", "redis.conf"),
    ("valkey", "default", "valkey", "valkey.conf"),
]
each_server = pytest.mark.parametrize(("scenario", "environment", "name", "file"), SERVERS)


def config(scenario: str, environment: str, name: str, file: str) -> dict[str, list[str]]:
    """The server's directives, as its own parser splits them."""
    (actual,) = [manifest for manifest in objects(scenario, environment)
                if manifest["kind"] == "ConfigMap" and manifest["metadata"]["name"] == name]  # fmt: skip
    lines = (line.split() for line in actual["data"][file].splitlines())
    return {words[0]: words[1:] for words in lines if words and words[0] != "#"}


def pods(scenario: str, environment: str, name: str) -> list[Template]:
    actual = templates(scenario, environment)
    return [pod for pod in actual if pod.owner["kind"] == "StatefulSet"
            and pod.labels["app.kubernetes.io/instance"] == name]  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "persistence", "expected"),
    [(2**30, "none", 805306368), (2**30, "aof", 590558003), (4 * 2**30, "rdb", 2362232012)],
)
def test_the_share_of_the_limit(limit: int, persistence: str, expected: int) -> None:
    assert redis.maxmemory(limit, persistence) == expected


@each_server
def test_keys_and_buffers_fit_the_limit(
    scenario: str, environment: str, name: str, file: str
) -> None:
    directives = config(scenario, environment, name, file)
    keys = int(directives["maxmemory"][0])
    buffers = int(directives.get("client-output-buffer-limit", ["", "0"])[1])
    backlog = int(directives.get("repl-backlog-size", ["0"])[0])
    for pod in pods(scenario, environment, name):
        resources = pod.spec["containers"][0]["resources"]
        limit = quantity.whole(resources["limits"]["memory"])
        assert resources["requests"]["memory"] == resources["limits"]["memory"]
        assert 0 < keys + buffers + backlog < limit


@each_server
def test_a_volume_holds_what_persistence_writes(
    scenario: str, environment: str, name: str, file: str
) -> None:
    directives = config(scenario, environment, name, file)
    persists = directives["appendonly"] == ["yes"] or directives["save"] != ['""']
    for pod in pods(scenario, environment, name):
        volumes = pod.owner["spec"]["volumeClaimTemplates"]
        assert bool(volumes) == persists
        for volume in volumes:
            size = quantity.whole(volume["spec"]["resources"]["requests"]["storage"])
            assert size >= 2 * int(directives["maxmemory"][0])


def test_resources_that_raise_the_limit_raise_what_is_derived() -> None:
    spec = redis.Spec(memory="1Gi")
    assert redis.storage(spec, 2**30) == "3Gi"
    assert redis.storage(spec, 2**30 + 1) == "4Gi"


@each_server
def test_each_client_has_a_user_and_nobody_else(
    scenario: str, environment: str, name: str, file: str
) -> None:
    clients = {
        _value(pod, "REDIS_USERNAME")
        for pod in templates(scenario, environment)
        if _value(pod, "REDIS_HOST") == f"{name}.mlops.svc.cluster.local"
    }
    for pod in pods(scenario, environment, name):
        script = pod.spec["initContainers"][0]["command"][-1]
        users = {line.split()[2] for line in script.splitlines() if line.startswith("  echo")}
        assert users - {"default", "probe", "replication"} == clients


def _value(pod: Template, name: str) -> Any:
    for container in pod.spec["containers"]:
        for variable in container.get("env", ()):
            if variable["name"] == name:
                return variable.get("value")
    return None


def test_a_client_is_told_where_how_and_as_whom() -> None:
    (job,) = [pod for pod in templates("external-redis", "default") if "warm-up" in pod.name]
    env = job.spec["containers"][0]["env"]
    secret = {"secretKeyRef": {"name": "warm-up-redis", "key": "password"}}
    assert {"name": "REDIS_PASSWORD", "valueFrom": secret} in env
    assert _value(job, "REDIS_USERNAME") == "mlops"
    url = "rediss://$(REDIS_USERNAME):$(REDIS_PASSWORD)@redis.example.com:6379/0"
    assert _value(job, "REDIS_URL") == url
    names = [variable["name"] for variable in env]
    assert names.index("REDIS_PASSWORD") < names.index("REDIS_URL")
