"""Data and features on a real node: workloads version data with DVC and lakeFS, and read Feast's online
store, in the pods that platformc compiles for them. The platform is applied at once, in no order."""

from __future__ import annotations

from pathlib import Path

import pytest
from live import features
from live.data import PULL, PUSH, REFRESH, REPOSITORY

from cluster import jobs
from cluster.node import Node
from cluster.platforms import deliver_at_once

pytestmark = [pytest.mark.live, pytest.mark.cluster, pytest.mark.soak]

SPEC = f"""\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: data}}
spec:
  components:
    minio: {{storage: 2Gi}}
    postgres: {{storage: 1Gi}}
    pgbouncer: {{}}
    redis: {{memory: 256Mi}}
    feast:
      materialize: {{schedule: "0 0 1 1 *"}}{features.repository(*features.FILE)}
    lakefs: {{repositories: {{datasets: {{}}, features: {{defaultBranch: trunk}}}}}}
    dvc:
      externalEndpoint: "http://minio.ml.example.internal:9000"
      remotes: {{versions: {{bucket: dvc-versions, path: labels}}}}
    dvc-lake:
      type: dvc
      bind: {{store: lakefs}}
      externalEndpoint: "http://lakefs.ml.example.internal:8000"
      remotes: {{curated: {{bucket: curated, path: dvc}}}}
  workloads:
    refresh: {{image: "registry.example.internal/data:1.0.0", command: [python, refresh.py], uses: [lakefs]}}
    label: {{image: "registry.example.internal/data:1.0.0", command: [python, label.py], uses: [dvc]}}
    curate: {{image: "registry.example.internal/data:1.0.0", command: [python, curate.py], uses: [dvc-lake]}}
    training: {{image: "quay.io/feastdev/feature-server:0.67.0", command: [python, train.py], uses: [feast]}}
"""


@pytest.fixture(scope="module")
def platform(node: Node, folder: Path) -> Node:
    deliver_at_once(node, folder, SPEC)
    return node


def test_everything_applied_at_once_becomes_well(platform: Node) -> None:
    """Pods that need a server, a database or a bucket wait for it, and do not fail until it is there."""
    platform.until_well(900)
    assert platform.restarts() == {}


def test_branches_of_lakefs_are_written_and_read(platform: Node) -> None:
    printed = jobs.run(platform, "refresh", REFRESH)
    assert "main b'first'" in printed
    assert "next b'second'" in printed


@pytest.mark.parametrize(("instance", "workload"), [("dvc", "label"), ("dvc-lake", "curate")])
def test_dvc_pushes_from_a_pod_and_pulls_in_another(
    platform: Node, instance: str, workload: str
) -> None:
    """With the configuration that a person commits to the repository as it is compiled."""
    config = platform.get("configmap", instance, "-n", "mlops")["data"]["config"]
    begin = f"CONFIG = {config!r}\n{REPOSITORY}"
    pushed = jobs.run(platform, workload, begin + PUSH)
    file = pushed.split("known as ")[1].split("\n\n")[0] + "\n"
    pulled = jobs.run(platform, workload, f"{begin}DVC_FILE = {file!r}\n{PULL}")
    assert "pulled cat,7" in pulled


def test_a_job_reads_feasts_online_store(platform: Node) -> None:
    """Feast's library in the pod goes by the compiled feature_store.yaml, with the pod's own logins."""
    jobs.run(platform, "training", features.WRITE)
    jobs.run(platform, "feast-materialize")
    assert jobs.run(platform, "training", features.ONLINE).splitlines()[-1] == "[7]"
    platform.until_well(300)
