"""Redis and Valkey: the sizes that follow from `memory`, and the logins."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from support.cluster import Template, objects, templates
from support.diagnosing import diagnosed

from compiler import pipeline
from compiler.components import external_redis
from compiler.components.bases import redis
from compiler.diff import worst
from compiler.diff.compare import compare
from compiler.model.effects import Risk
from compiler.spec import quantity
from compiler.spec.section import parse

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
        limit = quantity.in_bytes(resources["limits"]["memory"])
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
            size = quantity.in_bytes(volume["spec"]["resources"]["requests"]["storage"])
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


def _store(provider: str) -> dict[str, Any]:
    (config,) = [manifest for manifest in objects("external-redis-modes", "default")
                 if manifest["kind"] == "ConfigMap" and manifest["metadata"]["name"] == provider]  # fmt: skip
    section: dict[str, Any] = yaml.load(config["data"]["feature_store.yaml"], yaml.CSafeLoader)[
        "online_store"
    ]
    return section


def test_feast_asks_sentinels_for_the_server_and_reaches_both() -> None:
    store = _store("feast")
    assert (store["redis_type"], store["sentinel_master"]) == ("redis_sentinel", "features")
    addresses = [part for part in store["connection_string"].split(",") if "=" not in part]
    assert addresses == [f"sentinel-{number}.example.com:26379" for number in (1, 2, 3)]
    assert 'sentinel_kwargs={"ssl":true}' in store["connection_string"]
    (policy,) = [manifest for manifest in objects("external-redis-modes", "default")
                 if manifest["kind"] == "NetworkPolicy"
                 and manifest["metadata"]["name"] == "sentinel-keys-clients"]  # fmt: skip
    (rule,) = policy["spec"]["egress"]
    assert [port["port"] for port in rule["ports"]] == [26379, 6380]
    assert rule["to"] == [{"ipBlock": {"cidr": "192.0.2.0/28"}}]


def test_feast_is_given_nodes_of_a_cluster() -> None:
    store = _store("ranking")
    assert store["redis_type"] == "redis_cluster"
    assert store["connection_string"].startswith("node-1.example.com:6379,node-2.example.com:6379,")


def test_clients_of_sentinels_get_no_address_of_a_server() -> None:
    pods = {
        pod.owner["metadata"]["name"]: pod for pod in templates("external-redis-modes", "default")
    }
    behind, cluster = pods["warm-up"], pods["sessions"]
    assert _value(behind, "REDIS_SENTINELS").startswith("sentinel-1.example.com:26379,sentinel-2.")
    assert (_value(behind, "REDIS_MASTER_NAME"), _value(behind, "REDIS_TLS")) == (
        "features",
        "true",
    )
    names = [variable["name"] for variable in behind.spec["containers"][0]["env"]]
    assert not {"REDIS_HOST", "REDIS_URL"} & set(names)
    assert (
        _value(cluster, "REDIS_CLUSTER_NODES") == "node-1.example.com:6379,node-2.example.com:6379"
    )
    assert _value(cluster, "REDIS_HOST") == "node-1.example.com"


def test_the_mesh_passes_on_connections_to_servers_that_sentinels_name() -> None:
    entries = {manifest["metadata"]["name"]: manifest["spec"]
               for manifest in objects("external-redis-modes", "default")
               if manifest["kind"] == "ServiceEntry"}  # fmt: skip
    assert entries["sentinel"]["resolution"] == entries["cluster"]["resolution"] == "NONE"
    assert entries["sentinel"]["addresses"] == ["192.0.2.0/28"]
    assert [port["number"] for port in entries["sentinel"]["ports"]] == [6380, 26379]


def test_an_authority_of_sentinels_is_refused_for_feast() -> None:
    text = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: p}
spec:
  components:
    seaweedfs: {}
    postgres: {}
    feast: {}
    cache:
      type: external-redis
      mode: sentinel
      hosts: [s1.example.com]
      masterName: features
      ca: {configMap: company-ca}
"""
    assert [
        finding.path for finding in diagnosed(text.encode()) if finding.code == "unknown-authority"
    ] == [("spec", "components", "feast")]


def test_no_sentinel_is_the_pod_itself() -> None:
    spec = {"mode": "sentinel", "masterName": "features", "hosts": ["s1.example.com", "localhost"]}
    with pytest.raises(ValidationError, match="each pod itself"):
        parse(external_redis.Spec, spec)


@pytest.mark.parametrize("component", ["redis", "valkey"])
@pytest.mark.parametrize(
    ("before", "after", "risk"),
    [
        ("memory: 2Gi", "memory: 1Gi", Risk.DATA_LOSS),
        ("memory: 2Gi", "memory: 2048Mi", Risk.NO_OP),
        ("memory: 1Gi", "memory: 2Gi", Risk.DOWNTIME),
        # Writes are refused until there is room, and no key goes.
        ("memory: 2Gi, eviction: noeviction", "memory: 1Gi, eviction: noeviction", Risk.DOWNTIME),
        # The keys go with each restart anyway.
        ("memory: 2Gi, persistence: none", "memory: 1Gi, persistence: none", Risk.DOWNTIME),
        ("memory: 2Gi, replicas: 2", "memory: 1Gi, replicas: 2", Risk.DATA_LOSS),
    ],
)
def test_keys_that_no_longer_fit_are_lost(
    component: str, before: str, after: str, risk: Risk
) -> None:
    """On a volume of the same size, whose change would be a loss, too."""
    storage = "" if "none" in before else ", storage: 20Gi"
    trees = [
        pipeline.compile(
            "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: a}\nspec:\n"
            f"  components: {{{component}: {{{section}{storage}}}}}\n".encode(),
            "platform.yaml",
        )
        for section in (before, after)
    ]
    assert worst(change.risk for change in compare(*trees)) == risk
