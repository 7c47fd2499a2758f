"""SeaweedFS in servers apart: a volume server, the leading master and a gateway are killed under a writer,
and a lost disk is filled again from the other copies.

The servers, the script that makes the bucket and the workload are the compiled ones, each in a network
namespace with the names of the headless Services.
"""

from __future__ import annotations

import re
import shutil
from copy import deepcopy

import pytest

from compiler.components.seaweedfs.replicated import REPAIR
from live.bindings import idle
from live.platforms import Platform
from live.pods.node import Node
from live.pods.pod import Pod

pytestmark = pytest.mark.live

RANGE = "10"
OBJECTS = 400
SPEC = """
  backup: {to: offsite}
  components:
    seaweedfs: {replicas: 3, storage: 2Gi}
    offsite: {type: seaweedfs, namespace: copies}
    postgres: {backup: {none: it is a test of objects}}
  workloads:
    training:
      image: registry.example.internal/training:1.0.0
      command: [python, train.py]
      uses: [seaweedfs]
"""
CLIENT = """
import boto3, time
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
s3 = boto3.client("s3", config=Config(connect_timeout=2, read_timeout=10, retries={"max_attempts": 1}))
def body(number):
    return b"%d," % number * 3000
def read(number):
    return s3.get_object(Bucket="training", Key=f"runs/{number}")["Body"].read()
def unread(number):
    try:
        return read(number) != body(number)
    except (BotoCoreError, ClientError) as error:
        return True
"""
WRITE = f"""{CLIENT}
refused, failed = 0, 0
for number in range({OBJECTS}):
    begun, before = time.monotonic(), refused
    while True:
        try:
            s3.put_object(Bucket="training", Key=f"runs/{{number}}", Body=body(number))
            break
        except (BotoCoreError, ClientError) as error:
            refused += 1
            time.sleep(0.2)
    waited = time.monotonic() - begun
    failed += unread(number // 2)
    if waited > 1:
        print(f"gap at {{number}}: {{waited:.1f}} s, {{refused - before}} refused")
    print("wrote", number, flush=True)
    time.sleep(0.02)
print(f"refused {{refused}} unread {{failed}}")
"""
COUNT = f"""{CLIENT}
print("lost", sum(unread(number) for number in range({OBJECTS})))
"""
LIST = f"""{CLIENT}
pages = s3.get_paginator("list_objects_v2").paginate(Bucket="training", PaginationConfig={{"PageSize": 7}})
keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
print("listed", len(keys), keys == sorted(f"runs/{{number}}" for number in range({OBJECTS})))
"""


# A volume server names its volumes, and a master its leader, by HTTP.
ASK = """
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1]).read().decode())
"""


def pods(node: Node, kind: str, name: str) -> list[Pod]:
    return node.pods[kind, "mlops", name]


def lost(node: Node) -> int:
    """The acknowledged objects that cannot be read any more."""
    return int(node.script("mlops", "training", COUNT, 240).split("lost ")[1].split()[0])


def leader(node: Node) -> Pod:
    masters = pods(node, "StatefulSet", "seaweedfs-master")
    url = f"http://{masters[0].address}:9333/cluster/status"
    answer = masters[0].execute("master", ("python3", "-c", ASK, url), 30, "")
    match = re.search(r'"Leader": ?"(seaweedfs-master-\d)\.', answer.stdout)
    assert match is not None, answer
    return next(pod for pod in masters if pod.name == match[1])


def holders(node: Node) -> dict[str, set[str]]:
    """The servers that have each volume of the bucket on their disks."""
    actual: dict[str, set[str]] = {}
    for disk in sorted((node.place / "claims" / "mlops").glob("data-seaweedfs-volume-*")):
        for volume in disk.glob("training_*.dat"):
            actual.setdefault(volume.name, set()).add(disk.name.removeprefix("data-"))
    return actual


def lose(node: Node, volume_server: str) -> None:
    """Without grace, as with its machine: connections to it get no answer."""
    servers = pods(node, "StatefulSet", "seaweedfs-volume")
    node.discard([pod for pod in servers if pod.name == volume_server])


def test_a_writer_outlives_a_server_of_each_kind(platform: Platform, node: Node) -> None:
    pod = node.run("mlops", "training", command=("python", "-c", WRITE))

    def wrote(number: int) -> None:
        line = f"wrote {number}\n"
        node.until(lambda: pod.log("main").exists() and line in node.output(pod), 150, [pod])

    wrote(50)
    (before,) = holders(node).values()  # of the only volume so far
    lose(node, min(before))
    wrote(150)
    node.discard([leader(node)])
    wrote(250)
    node.discard([pods(node, "Deployment", "seaweedfs")[0]])
    printed = node.completed(pod, 300)
    print(*[line for line in printed.splitlines() if not line.startswith("wrote")], sep="\n")
    match = re.search(r"refused (\d+) unread (\d+)", printed)
    assert match is not None, printed[-500:]
    assert lost(node) == 0
    assert f"listed {OBJECTS} True" in node.script("mlops", "training", LIST, 120)


def test_a_lost_disk_is_filled_from_the_other_copies(platform: Platform, node: Node) -> None:
    """The repair that the leader makes every 17 minutes. Then the server with the only copy may go."""
    servers = {pod.name for pod in pods(node, "StatefulSet", "seaweedfs-volume")}
    (stopped,) = {f"seaweedfs-volume-{number}" for number in range(3)} - servers
    shutil.rmtree(node.place / "claims" / "mlops" / f"data-{stopped}")
    node.replace("StatefulSet", "mlops", "seaweedfs-volume", int(stopped[-1]))
    node.wait(120, "seaweedfs-volume")
    (only,) = {
        server for servers in holders(node).values() if len(servers) == 1 for server in servers
    }
    masters = pods(node, "StatefulSet", "seaweedfs-master")
    addresses = next(word for word in masters[0].spec["containers"][0]["args"] if "-peers" in word)
    shell = f"printf '%s\\n' \"{REPAIR}\" | weed shell -master={addresses.partition('=')[2]}"
    printed = masters[0].execute("master", ("sh", "-c", shell), 200, "").stdout
    assert "replicating volume" in printed
    print("\n".join(line for line in printed.splitlines() if "olume" in line))
    assert {len(servers) for servers in holders(node).values()} == {2}
    lose(node, only)
    assert lost(node) == 0


def test_a_copy_of_the_buckets_comes_back_after_all_volumes_are_lost(node: Node) -> None:
    """PostgreSQL still has the names of the objects, and nothing has their content any more."""
    printed = node.completed(node.run("mlops", "seaweedfs-backup"), 200)
    assert f"training: {OBJECTS} objects" in printed
    node.discard(pods(node, "StatefulSet", "seaweedfs-volume"))
    for disk in (node.place / "claims" / "mlops").glob("data-seaweedfs-volume-*"):
        shutil.rmtree(disk)
    node.restart("StatefulSet", "mlops", "seaweedfs-volume")
    node.wait(120, "seaweedfs-volume")
    assert lost(node) == OBJECTS
    print(node.completed(restoring(node, REPLACE="yes"), 300))
    assert lost(node) == 0


def restoring(node: Node, **variables: str) -> Pod:
    template = deepcopy(node.template("mlops", "seaweedfs-restore"))
    (container,) = template["spec"]["containers"]
    container["env"] += [{"name": name, "value": value} for name, value in variables.items()]
    return node.run("mlops", "seaweedfs-restore", template=template)


def test_every_binding_was_used(node: Node) -> None:
    assert idle(SPEC, node) == []
