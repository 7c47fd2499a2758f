"""Redis outside the platform behind Sentinel and as a cluster, and Feast's client on the compiled file.

The servers, Sentinels and nodes of the cluster are Redis on this machine. The names of the spec
become `localhost`; a public authority is one that `SSL_CERT_FILE` names.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from live.platforms import Platform
from live.pods.images import HOME
from live.test_authorities import free_port, run, signed

pytestmark = pytest.mark.live

PYTHON = HOME / "venvs/feast/bin/python"
SPEC = """\
  components:
    external-redis: {{{section}, user: features, tls: {tls}}}
    seaweedfs: {{}}
    postgres: {{}}
    feast: {{}}
"""
# Feast's own client, of the compiled section, as its online store opens it.
CLIENT = """
import json, sys, time
from feast.infra.online_stores.redis import RedisOnlineStore, RedisOnlineStoreConfig
from redis.exceptions import RedisError

client = RedisOnlineStore()._get_client(RedisOnlineStoreConfig(**json.loads(sys.argv[1])))
for number in range(int(sys.argv[2])):
    while True:
        try:
            with client.pipeline(transaction=False) as pipe:
                pipe.hset(f"key-{number}", mapping={"value": number})
                pipe.execute()
            break
        except RedisError as error:
            print("refused", type(error).__name__, flush=True)
            time.sleep(0.5)
    print("wrote", number, flush=True)
    time.sleep(0.05)
print("read", sum(client.hget(f"key-{n}", "value") == str(n).encode() for n in range(int(sys.argv[2]))))
"""


@dataclass
class Servers:
    """Redis processes in a folder, each with a port and a user for the clients."""

    folder: Path
    password: str
    tls: bool = False
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *lines: str, sentinel: bool = False) -> int:
        """Start a server with these lines of configuration, and wait until it answers."""
        port = free_port()
        file = self.folder / f"{port}.conf"
        file.write_text("\n".join([*self._listening(port), *self._users(sentinel), *lines, ""]))
        command = ["redis-server", str(file), *(["--sentinel"] if sentinel else [])]
        log = (self.folder / f"{port}.log").open("wb")
        self.processes[port] = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        until(lambda: "PONG" in self.ask(port, "ping"))
        return port

    def _listening(self, port: int) -> Iterator[str]:
        yield f'dir "{self.folder}"'
        if not self.tls:
            yield f"port {port}"
            return
        yield from ("port 0", f"tls-port {port}", "tls-replication yes", "tls-auth-clients no")
        for setting, file in (
            ("cert", "server.crt"),
            ("key", "server.key"),
            ("ca-cert", "own.crt"),
        ):
            yield f'tls-{setting}-file "{self.folder / file}"'

    def _users(self, sentinel: bool) -> Iterator[str]:
        if not sentinel:
            yield 'save ""'
            yield f"user features on >{self.password} ~* +@all"
            yield f"user default on >{self.password} ~* &* +@all"
            yield f"masterauth {self.password}"

    def ask(self, port: int, *command: str) -> str:
        tls = ["--tls", "--cacert", str(self.folder / "own.crt")] if self.tls else []
        login = {"REDISCLI_AUTH": self.password, "PATH": os.environ["PATH"]}
        result = subprocess.run(
            ["redis-cli", "-h", "localhost", "-p", str(port), *tls, *command],
            capture_output=True, text=True, timeout=30, env=login,
        )  # fmt: skip
        return result.stdout

    def kill(self, port: int) -> None:
        self.processes[port].kill()
        self.processes[port].wait(30)


@contextmanager
def servers(folder: Path, password: str, tls: bool = False) -> Iterator[Servers]:
    running = Servers(folder, password, tls)
    try:
        yield running
    finally:
        for process in running.processes.values():
            process.kill()
            process.wait(30)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, condition
        time.sleep(0.2)


def online_store(folder: Path, section: str, tls: bool) -> tuple[dict[str, Any], str]:
    """The compiled section of `feature_store.yaml`, with the password that its Secret holds."""
    platform = Platform(folder / "platform").write(
        SPEC.format(section=section, tls=str(tls).lower())
    )
    objects = {
        (manifest["kind"], manifest["metadata"]["name"]): manifest
        for manifest in platform.compile()
    }
    password = objects["Secret", "feast-online-reader"]["stringData"]["password"]
    text = objects["ConfigMap", "feast"]["data"]["feature_store.yaml"]
    text = text.replace("${FEAST_REDIS_USERNAME}", "features")
    config: dict[str, Any] = yaml.safe_load(text.replace("${FEAST_REDIS_PASSWORD}", password))
    return config["online_store"], password


def reaching(config: dict[str, Any], ports: dict[str, int]) -> dict[str, Any]:
    """The section with the places of this machine in place of the names of the spec."""
    addresses = {host: f"localhost:{port}" for host, port in ports.items()}
    text = re.sub(
        r"([\w-]+)\.example\.com:\d+",
        lambda match: addresses[match[1]],
        config["connection_string"],
    )
    return {**config, "connection_string": text}


def writing(config: dict[str, Any], count: int, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PYTHON, "-c", CLIENT, json.dumps(config), str(count)], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "SSL_CERT_FILE": str(folder / "own.crt")},
    )  # fmt: skip


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_feast_follows_sentinels_to_another_primary(tmp_path: Path, tls: bool) -> None:
    hosts = ("sentinel-1", "sentinel-2", "sentinel-3")
    section = "mode: sentinel, masterName: online, hosts: [{}]".format(
        ", ".join(f"{host}.example.com" for host in hosts)
    )
    config, password = online_store(tmp_path, section, tls)
    signed(tmp_path)
    with servers(tmp_path, password, tls) as redis:
        primary = redis.start("replica-announce-ip localhost")
        replica = redis.start("replica-announce-ip localhost", f"replicaof localhost {primary}")
        watching = [
            redis.start(
                "sentinel resolve-hostnames yes",
                "sentinel announce-hostnames yes",
                f"sentinel monitor online localhost {primary} 2",
                f"sentinel auth-pass online {password}",
                "sentinel down-after-milliseconds online 1000",
                "sentinel failover-timeout online 5000",
                sentinel=True,
            )
            for _ in hosts
        ]
        until(lambda: all("num-other-sentinels\n2" in redis.ask(port, "sentinel", "master", "online")
                          for port in watching))  # fmt: skip
        until(lambda: "state=online" in redis.ask(primary, "info", "replication"))
        client = writing(reaching(config, dict(zip(hosts, watching, strict=True))), 200, tmp_path)
        assert client.stdout is not None
        lines = []
        for line in client.stdout:
            lines.append(line)
            if line == "wrote 50\n":
                redis.kill(primary)
        assert client.wait(60) == 0, "".join(lines[-20:])
        assert any(line.startswith("refused") for line in lines)
        # Replication is asynchronous: the last writes before the kill may be lost.
        assert int(lines[-1].split()[1]) >= 198
        assert int(redis.ask(replica, "dbsize")) >= 198


def test_feast_spreads_its_keys_over_a_cluster(tmp_path: Path) -> None:
    section = "mode: cluster, hosts: [node-1.example.com, node-2.example.com]"
    config, password = online_store(tmp_path, section, tls=False)
    with ExitStack() as stack:
        redis = stack.enter_context(servers(tmp_path, password))
        nodes = [
            redis.start("cluster-enabled yes", f"cluster-config-file nodes-{index}.conf",
                f"cluster-port {free_port()}",
                        "cluster-announce-hostname localhost")
            for index in range(3)
        ]  # fmt: skip
        run("redis-cli", "--cluster", "create", *(f"127.0.0.1:{port}" for port in nodes),
            "--cluster-yes", env={"PATH": os.environ["PATH"], "REDISCLI_AUTH": password})  # fmt: skip
        until(
            lambda: all("cluster_state:ok" in redis.ask(port, "cluster", "info") for port in nodes)
        )
        ports = {"node-1": nodes[0], "node-2": nodes[1]}
        client = writing(reaching(config, ports), 100, tmp_path)
        output, _ = client.communicate(timeout=120)
        assert output.endswith("read 100\n"), output[-2000:]
        counts = [int(redis.ask(port, "dbsize")) for port in nodes]
        assert sum(counts) == 100
        assert min(counts) > 0
