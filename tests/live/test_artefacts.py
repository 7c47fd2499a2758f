"""Artefacts on their way through MLflow's server: where they lie, and how many it takes at once.

Its emptyDirs and its clients' end at their `sizeLimit`. Their files count towards the memory limit here,
so these pods have more memory than they need otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from live.disks import limited
from live.platforms import Platform
from live.pods.node import Node
from live.pods.pod import Pod

pytestmark = pytest.mark.live

ARTEFACT = 300  # MiB: three of them fit into the /tmp of 1Gi, four do not
STORE = "seaweedfs.mlops.svc.cluster.local"
SPEC = """
  components:
    seaweedfs: {storage: 4Gi, resources: {limits: {memory: 6Gi}}}
    postgres: {}
    mlflow:
      artifacts: proxied
      smoke: false
      workers: 1
      resources: {limits: {memory: 6Gi, ephemeralStorage: 2Gi}}
    runs: {type: mlflow, smoke: false, workers: 1, resources: {limits: {memory: 1Gi}}}
  workloads:
    training:
      image: registry.example.internal/training:1.0.0
      uses: [mlflow]
      resources: {limits: {memory: 4Gi, ephemeralStorage: 2Gi}}
    page: {image: registry.example.internal/training:1.0.0, uses: [runs]}
"""
# Uploads of which the last byte is missing, and downloads that are not read: each stays on its way. The server
# of the first upload too many may cut the connection before it answers.
TRANSIT = f"""
import http.client, os, urllib.parse
place = urllib.parse.urlsplit(os.environ["MLFLOW_TRACKING_URI"])
root, piece, count = "/api/2.0/mlflow-artifacts/artifacts/sent/", os.urandom(2**20), {ARTEFACT}
def connect():
    return http.client.HTTPConnection(place.hostname, place.port, timeout=120)
def upload(name):
    connection = connect()
    connection.putrequest("PUT", root + name)
    connection.putheader("Content-Length", str(count * 2**20))
    connection.endheaders()
    for number in range(count):
        connection.send(piece if number < count - 1 else piece[:-1])
    return connection
def finish(connection):
    connection.send(piece[-1:])
    return connection.getresponse().status
def download(name):
    connection = connect()
    connection.request("GET", root + name)
    return connection.getresponse()
def refused(work):
    try:
        return work() >= 500
    except OSError:
        return True
uploads = [upload(f"{{number}}") for number in range(3)]
print("one more upload is refused:", refused(lambda: finish(upload("more"))))
print("uploads:", [finish(connection) for connection in uploads], flush=True)
downloads = [download(f"{{number}}") for number in range(3)]
print("one more download is refused:", refused(lambda: download("0").status))
equal = [all(answer.read(2**20) == piece for _ in range(count)) for answer in downloads]
print("downloads:", equal)
"""
FILL = """
import mlflow.artifacts, mlflow.exceptions
for turn in range(4):
    try:
        mlflow.artifacts.download_artifacts(f"mlflow-artifacts:/sent/{turn % 3}", dst_path=f"/tmp/{turn}")
    except mlflow.exceptions.MlflowException as problem:
        print("after", turn, "No space left on device" in str(problem))
"""
# As with a file of 500 MiB, from which on a client may send parts to the store.
CLIENT = """
import mlflow, os, urllib.request
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = "1"
address = os.environ["MLFLOW_TRACKING_URI"] + "/api/3.0/mlflow/server-info"
print(urllib.request.urlopen(address).read().decode())
with mlflow.start_run() as run:
    mlflow.log_text("from a training pod", "note.txt")
path = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="note.txt", dst_path="/tmp")
print(open(path).read())
"""
LINKS = """
import os
del os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"], os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"]
"""
# A browser that stops reading while the server fetches the file and passes it on.
PAGE = """
import http.client, mlflow, os, time, urllib.parse
place = urllib.parse.urlsplit(os.environ["MLFLOW_TRACKING_URI"])
with open("/tmp/model", "wb") as file:
    file.truncate(SIZE * 2**20)
with mlflow.start_run() as run:
    mlflow.log_artifact("/tmp/model")
connection = http.client.HTTPConnection(place.hostname, place.port, timeout=120)
connection.request("GET", f"/get-artifact?run_id={run.info.run_id}&path=model")
answer = connection.getresponse()
read = len(answer.read(1000))
time.sleep(8)
try:
    read += len(answer.read())
except (http.client.IncompleteRead, OSError):
    pass
print("whole:", read == SIZE * 2**20)
"""


@pytest.fixture(scope="module")
def running(node: Node, folder: Path) -> Iterator[Node]:
    objects = Platform(folder).write(SPEC).compile()
    stores = [manifest for manifest in objects if manifest["metadata"]["name"] == "seaweedfs"]
    with limited(node, stores, empty_dirs=["mlflow", "training"]):
        node.apply(objects)
        node.wait(300)
        yield node


def used(pod: Pod) -> int:
    """MiB of a pod's /tmp that are taken, by files without a name too."""
    disk = os.statvfs(pod.place / "volumes" / "tmp")
    return (disk.f_blocks - disk.f_bfree) * disk.f_frsize // 2**20


def test_the_disk_of_a_proxying_server_bounds_the_artefacts_on_their_way(running: Node) -> None:
    server = running.pod("mlops", "mlflow")
    client = running.run("mlops", "training", command=("python", "-c", TRANSIT))
    peak = 0

    def finished() -> bool:
        nonlocal peak
        peak = max(peak, used(server))
        return client.finished

    running.until(finished, 300, [client])
    assert running.output(client).splitlines() == [
        "one more upload is refused: True",
        "uploads: [200, 200, 200]",
        "one more download is refused: True",
        "downloads: [True, True, True]",
    ]
    print("used at most", peak, "of 1024 MiB")
    assert 3 * ARTEFACT <= peak <= 1024
    running.until(lambda: used(server) == 0, 60, [])
    assert server.restarts == 0


def test_a_client_fills_its_scratch_space_with_artefacts(running: Node) -> None:
    assert running.script("mlops", "training", FILL) == "after 3 True\n"


def test_proxied_clients_reach_the_store_by_the_server_alone(running: Node) -> None:
    """The server offers them links to its store; their network policies end before it."""
    for program, direct in ((CLIENT, False), (LINKS + CLIENT, True)):
        printed = running.script("mlops", "training", program)
        assert '"multipart_downloads_enabled":true' in printed
        assert printed.endswith("from a training pod\n")
        assert (("training", STORE, 8333) in running.discovery.conversations()) == direct


@pytest.mark.parametrize(("size", "complete"), [(300, True), (700, False)])
def test_a_file_for_the_page_passes_through_the_memory_of_the_server(
    running: Node, size: int, complete: bool
) -> None:
    server = running.pod("mlops", "runs")
    printed = running.script("mlops", "page", f"SIZE = {size}\n{PAGE}", 200)
    assert f"whole: {complete}" in printed
    assert bool(server.killed("mlflow")) != complete
