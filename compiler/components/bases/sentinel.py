"""Failover of Redis and Valkey: a Sentinel next to each server, and the rules that they share.

Sentinels agree by a majority that a primary is gone, and promote a copy. Facts about Redis 7.0 and
8.2 and Valkey 9.1 (sentinel.c): a Sentinel writes its state into its own configuration file, names
in place of addresses need `resolve-hostnames` and `announce-hostnames`, and Sentinels find each other
by a channel of the servers. Clients of redis-py ask Sentinels without a login.
"""

from __future__ import annotations

from typing import Any

from compiler import kube, model

PORT = 26379
STATE = "/data/sentinel.conf"
# Milliseconds: without an answer for the first time, a server is down; if no Sentinel gets a majority of
# votes, as with two left, the next election comes after twice the second time.
DOWN_AFTER, TIMEOUT = 5000, 10000
# The commands of Sentinel's user on the servers (Redis' documentation of ACLs, "ACL rules for Sentinel
# and Replicas"), and the commands that clients and other Sentinels may send to a Sentinel.
USER = (
    "allchannels -@all +multi +slaveof +replicaof +ping +exec +subscribe +config|rewrite +role "
    "+publish +info +client|setname +client|kill +script|kill"
)
ASKING = (
    "allchannels -@all +ping +info +role +hello +auth +publish +subscribe +psubscribe +client|setname "
    "+sentinel|masters +sentinel|master +sentinel|replicas +sentinel|slaves +sentinel|sentinels "
    "+sentinel|get-master-addr-by-name +sentinel|is-master-down-by-addr +sentinel|myid"
)


def hosts(me: model.Instance[Any]) -> tuple[str, ...]:
    """The names of the pods in DNS, each with a server and a Sentinel."""
    domain = me.host(f"{me.name}-headless")
    return tuple(f"{me.name}-{index}.{domain}" for index in range(me.spec.replicas))


def quorum(replicas: int) -> int:
    """The Sentinels that must call a primary down: more than half."""
    return replicas // 2 + 1


def roles(me: model.Instance[Any], client: str, users: str, server_port: int) -> str:
    """The part of the init container's script that finds the primary."""
    return kube.render(
        __file__, "redis-sentinel.sh.j2", name=me.name, hosts=hosts(me), client=client,
        domain=me.host(f"{me.name}-headless"), state=STATE, users=users, port=server_port,
        sentinel_port=PORT, quorum=quorum(me.spec.replicas), asking=ASKING,
        down_after=DOWN_AFTER, timeout=TIMEOUT,
    )  # fmt: skip


def container(me: model.Instance[Any], server: str, client: str) -> kube.Container:
    """The Sentinel of a pod: it watches the servers of all pods."""
    ping = ["sh", "-c", f"{client} -p {PORT} ping | grep -qx PONG"]
    return kube.Container(
        "sentinel",
        me.spec.image,
        kube.resources(
            model.Resources(), cpu="50m", memory="32Mi", cpu_limit="500m", memory_limit="128Mi"
        ),
        command=[server, STATE, "--sentinel"],
        ports={"tcp-sentinel": PORT},
        startup=kube.exec_probe(ping, period=5, failures=60),
        readiness=kube.exec_probe(ping, period=5),
        liveness=kube.tcp_probe("tcp-sentinel", period=20, failures=6),
    )
