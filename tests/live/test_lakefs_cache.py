"""The cache of lakeFS' committed metadata, filled three times on the smallest disk that compiles."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from live.disks import limited
from live.platforms import Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

CACHE = 64  # MiB: a quarter of the smallest limit
SPEC = f"""
  components:
    seaweedfs: {{storage: 2Gi, resources: {{limits: {{memory: 6Gi}}}}}}
    postgres: {{}}
    lakefs:
      repositories: {{curated: {{}}}}
      resources: {{limits: {{memory: 4Gi, ephemeralStorage: {4 * CACHE}Mi}}}}
  workloads:
    training: {{image: registry.example.internal/training:1.0.0, uses: [lakefs]}}
"""
# Objects with 1 MiB of metadata each: a range of 20 MiB, the largest that lakeFS writes, holds 20 of them.
FILL = """
import base64, concurrent.futures, json, os, random, urllib.parse, urllib.request
root = "http://lakefs.mlops.svc.cluster.local:8000/api/v1/repositories/curated/"
login = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
def ask(method, place, body=None, **query):
    request = urllib.request.Request(
        f"{root}{place}?{urllib.parse.urlencode(query)}", json.dumps(body).encode() if body else None,
        {"Authorization": f"Basic {login}", "Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
def stage(name):
    text = base64.b64encode(os.urandom(768 * 2**10)).decode()
    body = {"physical_address": f"s3://lakefs/{name}", "checksum": "0", "size_bytes": 1, "metadata": {"text": text}}
    ask("PUT", "branches/main/objects", body, path=name)
    return hash(text)
def read(name):
    return hash(ask("GET", "refs/main/objects/stat", path=name)["metadata"]["text"])
staged = {}
with concurrent.futures.ThreadPoolExecutor(3) as pool:
    for turn in range(TURNS):
        names = [f"{turn}/{number}" for number in range(20)]
        staged |= zip(names, pool.map(stage, names))
        ask("POST", "branches/main/commits", {"message": f"{turn}"})
    names = random.sample(sorted(staged), len(staged) // 2) + list(staged)
    print(len(staged), all(found == staged[name] for name, found in zip(names, pool.map(read, names))))
"""


@pytest.fixture(scope="module")
def running(node: Node, folder: Path) -> Iterator[Node]:
    objects = Platform(folder).write(SPEC).compile()
    stores = [each for each in objects if each["metadata"]["name"] == "seaweedfs"]
    with limited(node, stores, empty_dirs=["lakefs"]):
        node.apply(objects)
        node.wait(300)
        yield node


def test_the_cache_stays_on_its_volume(running: Node) -> None:
    turns = 3 * CACHE // 20
    keys = running.secret_values("mlops", "lakefs-admin")
    login = f"KEY, SECRET = {keys['AWS_ACCESS_KEY_ID']!r}, {keys['AWS_SECRET_ACCESS_KEY']!r}\n"
    program = f"TURNS = {turns}\n{login}{FILL}"
    server = running.pod("mlops", "lakefs")
    client = running.run("mlops", "training", command=("python", "-c", program))
    peak = 0

    def finished() -> bool:
        nonlocal peak
        disk = os.statvfs(server.place / "volumes" / "cache")
        peak = max(peak, (disk.f_blocks - disk.f_bfree) * disk.f_frsize // 2**20)
        return client.finished

    running.until(finished, 400, [client])
    assert running.output(client) == f"{20 * turns} True\n"
    print("used at most", peak, "of", 2 * CACHE, "MiB")
    assert CACHE < peak <= 2 * CACHE
    assert server.restarts == 0
