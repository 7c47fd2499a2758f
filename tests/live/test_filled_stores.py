"""Derived disks of MinIO and SeaweedFS, filled by these programs.

The disks are the smallest that compile for a model of that size; an object as large takes its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from live.disks import limited
from live.platforms import Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

STORES = ("minio", "seaweedfs")
MODEL = 850  # MiB: with 8Mi more, a disk of 1Gi does not compile
SPEC = f"""
  components:
    minio: {{storage: 1Gi, resources: {{limits: {{memory: 4Gi}}}}}}
    seaweedfs: {{storage: 1Gi, resources: {{limits: {{memory: 4Gi}}}}}}
    kserve: {{mode: standard}}
  models:
    in-minio: {{format: sklearn, uri: "s3://models/large", size: {MODEL}Mi, bind: {{store: minio}}}}
    in-seaweedfs: {{format: sklearn, uri: "s3://models/large", size: {MODEL}Mi, bind: {{store: seaweedfs}}}}
  workloads:
    to-minio: {{image: registry.example.internal/writer:1.0.0, uses: [minio]}}
    to-seaweedfs: {{image: registry.example.internal/writer:1.0.0, uses: [seaweedfs]}}
"""
# Parts of 10 MiB of random bytes; the digest of what comes back is compared.
FILL = f"""
import boto3, hashlib, os
s3, size, digest, count = boto3.client("s3"), 10 * 2**20, hashlib.sha256(), {MODEL} // 10
target = dict(Bucket=BUCKET, Key="large")
upload = s3.create_multipart_upload(**target)["UploadId"]
parts = []
for number in range(1, count + 1):
    body = os.urandom(size)
    digest.update(body)
    answer = s3.upload_part(**target, UploadId=upload, PartNumber=number, Body=body)
    parts.append({{"PartNumber": number, "ETag": answer["ETag"]}})
s3.complete_multipart_upload(**target, UploadId=upload, MultipartUpload={{"Parts": parts}})
read = hashlib.sha256()
for chunk in s3.get_object(**target)["Body"].iter_chunks(size):
    read.update(chunk)
print(count * 10, "MiB", "equal" if read.digest() == digest.digest() else "differ")
"""


@pytest.fixture(scope="module")
def running(node: Node, folder: Path) -> Iterator[Node]:
    objects = Platform(folder).write(SPEC).compile()
    with limited(node, [each for each in objects if each["metadata"]["name"] in STORES]):
        node.apply(objects)
        node.wait(300)
        yield node


@pytest.mark.parametrize("store", STORES)
def test_a_disk_holds_the_model_that_its_size_was_derived_from(running: Node, store: str) -> None:
    program = f"BUCKET = {f'to-{store}'!r}\n{FILL}"
    printed = running.script("mlops", f"to-{store}", program, 300).strip()
    assert printed == f"{MODEL} MiB equal"
    assert running.pod("mlops", store).restarts == 0
