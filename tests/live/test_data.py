"""Data under version control as processes: lakeFS over MinIO and PostgreSQL, and DVC over both."""

from __future__ import annotations

import time

import pytest

from live.bindings import idle
from live.data import PULL, PUSH, REFRESH, S3, repository
from live.plans import follow
from live.platforms import Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

SPEC = """
  components:
    minio: {namespace: storage}
    postgres: {maxConnections: 60}
    lakefs:
      repositories:
        datasets: {}
        features: {defaultBranch: trunk}
    dvc: {externalEndpoint: "http://minio.ml.example.internal:9000", remotes: {versions: {bucket: dvc-versions, path: labels}}}
    dvc-lake:
      type: dvc
      bind: {store: lakefs}
      externalEndpoint: "http://lakefs.ml.example.internal:8000"
      remotes: {curated: {bucket: curated, path: dvc}}
  workloads:
    refresh:
      image: registry.example.internal/data:1.0.0
      command: [python, refresh.py]
      uses: [lakefs]
    label:
      image: registry.example.internal/data:1.0.0
      command: [python, label.py]
      uses: [dvc]
    curate:
      image: registry.example.internal/data:1.0.0
      command: [python, curate.py]
      uses: [dvc-lake]
"""

READ = f"""{S3}
print(s3.get_object(Bucket="datasets", Key="main/orders.csv")["Body"].read())
"""
COMMIT = """
run("lakectl", "commit", "lakefs://curated/main", "--message", "labels")
"""
TRY_KEY = f"""{S3}
try:
    s3.get_object(Bucket="datasets", Key="main/orders.csv")
    print("let in")
except botocore.exceptions.ClientError as problem:
    print(problem.response["Error"]["Code"])
"""
CACHED = 60.0  # seconds: lakeFS remembers a key for twenty
# Where a foreign key must not lead.
STRAY = f"""{S3}
for bucket in ("lakefs", "dvc-versions"):
    try:
        s3.list_objects_v2(Bucket=bucket)
        print(bucket, "open")
    except botocore.exceptions.ClientError as problem:
        print(bucket, problem.response["Error"]["Code"])
"""


def test_a_workload_writes_reads_and_commits_through_the_gateway(
    platform: Platform, node: Node
) -> None:
    printed = node.script("mlops", "refresh", REFRESH)
    assert "main b'first'" in printed
    assert "next b'second'" in printed
    assert "orders" in printed
    assert all(name in printed for name in ("datasets", "features", "curated"))


def test_the_jobs_may_run_again(platform: Platform, node: Node) -> None:
    printed = node.rerun("mlops", "lakefs-setup")
    assert "the administrator is there" in printed
    assert "repository datasets is there" in printed
    node.rerun("storage", "minio-buckets")
    node.rerun("mlops", "postgres-ensure")
    assert "b'first'" in node.script("mlops", "refresh", READ)


def test_the_setup_prints_no_key(platform: Platform, node: Node) -> None:
    printed = node.output(node.pod("mlops", node.named("mlops", "lakefs-setup")))
    keys = node.objects.data("Secret", "mlops", "lakefs-admin").values()
    assert printed
    assert not any(key.decode() in printed for key in keys)


@pytest.mark.parametrize(
    ("instance", "workload", "afterwards"),
    [("dvc", "label", ""), ("dvc-lake", "curate", COMMIT)],
    ids=["store", "lakefs"],
)
def test_dvc_pushes_and_pulls(
    platform: Platform, node: Node, instance: str, workload: str, afterwards: str
) -> None:
    begin = repository(node, instance)
    pushed = node.script("mlops", workload, begin + PUSH + afterwards)
    expected_output = pushed.split("known as ")[1].split("\n\n")[0] + "\n"
    pulled = node.script("mlops", workload, f"{begin}DVC_FILE = {expected_output!r}\n{PULL}")
    assert "pulled cat,7" in pulled


def test_the_versions_lie_where_the_spec_says(platform: Platform, node: Node) -> None:
    listing = f"""{S3}
for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
    print(entry["Key"])
"""
    on_store = node.script("mlops", "label", listing.replace("BUCKET", '"dvc-versions"'))
    assert on_store.startswith("labels/files/md5/")
    lake = listing.replace("BUCKET", '"curated", Prefix="main/"')
    assert node.script("mlops", "curate", lake).startswith("main/dvc/files/md5/")


def test_dvcs_key_opens_its_bucket_alone(platform: Platform, node: Node) -> None:
    printed = node.script("mlops", "label", STRAY)
    assert "lakefs AccessDenied" in printed
    assert "dvc-versions open" in printed


def test_the_administrators_key_rotates(platform: Platform, node: Node) -> None:
    old = node.secret_values("mlops", "lakefs-admin")
    follow(platform.rotation("lakefs-admin"), platform, node)
    assert "b'first'" in node.script("mlops", "refresh", READ)
    script = f"import os\nos.environ |= {old!r}\n{TRY_KEY}"
    deadline = time.monotonic() + CACHED
    while (answer := node.script("mlops", "refresh", script)) == "let in\n":
        assert time.monotonic() < deadline
    assert answer == "AccessDenied\n"


def test_every_binding_was_used(platform: Platform, node: Node) -> None:
    assert idle(SPEC, node) == []
