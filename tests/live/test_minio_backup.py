"""MinIO's buckets, copied by a key that only reads, lost and restored. rclone is Debian's 1.60."""

from __future__ import annotations

import pytest

from live.platforms import Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

SPEC = """
  backup: {to: offsite, encrypt: true}
  components:
    minio: {}
    offsite: {type: seaweedfs, namespace: copies}
  workloads:
    training:
      image: registry.example.internal/training:1.0.0
      command: [python, train.py]
      uses: [minio]
"""
CONNECT = """
import boto3, os
s3 = boto3.client("s3")
"""
WRITE = f"""{CONNECT}
for number in range(20):
    s3.put_object(Bucket="training", Key=f"models/a b/{{number}}", Body=os.urandom(1000 * number))
print("written")
"""
LOSE = f"""{CONNECT}
for number in range(0, 20, 2):
    s3.delete_object(Bucket="training", Key=f"models/a b/{{number}}")
s3.put_object(Bucket="training", Key="models/a b/1", Body=b"spoilt")
print("lost")
"""
DIGEST = f"""{CONNECT}
import hashlib
digest = hashlib.sha256()
for number in range(20):
    digest.update(s3.get_object(Bucket="training", Key=f"models/a b/{{number}}")["Body"].read())
print(digest.hexdigest())
"""
# With the key of the backups, which another login of the platform may not have.
DELETE = """
import boto3
from botocore.exceptions import ClientError
s3 = boto3.client("s3", aws_access_key_id=KEY, aws_secret_access_key=SECRET)
try:
    s3.delete_object(Bucket="training", Key="models/a b/1")
except ClientError as error:
    print(error.response["Error"]["Code"])
"""


def refused(node: Node, name: str) -> str:
    pod = node.run("mlops", name)
    node.until(lambda: pod.failed or pod.finished, 200, [])
    assert pod.failed
    return node.report([pod])


def restored(node: Node, **variables: str) -> str:
    template = node.template("mlops", "minio-restore")
    (container,) = template["spec"]["containers"]
    more = [{"name": name, "value": value} for name, value in variables.items()]
    changed = {**container, "env": [*container["env"], *more]}
    template = {**template, "spec": {**template["spec"], "containers": [changed]}}
    return node.completed(node.run("mlops", "minio-restore", template=template), 200)


def test_lost_and_changed_objects_come_back(platform: Platform, node: Node) -> None:
    assert node.script("mlops", "training", WRITE).strip() == "written"
    before = node.script("mlops", "training", DIGEST)
    assert "training: 20 objects" in node.completed(node.run("mlops", "minio-backup"), 200)
    assert node.script("mlops", "training", LOSE).strip() == "lost"
    assert "training is not empty" in refused(node, "minio-restore")
    assert "training is as it was copied at" in restored(node, REPLACE="yes")
    assert node.script("mlops", "training", DIGEST) == before


def test_the_key_of_backups_changes_nothing(platform: Platform, node: Node) -> None:
    stored_login = node.held("mlops", "minio-backup")
    login = f"KEY, SECRET = {stored_login['AWS_ACCESS_KEY_ID']!r}, {stored_login['AWS_SECRET_ACCESS_KEY']!r}\n"
    assert node.script("mlops", "training", login + DELETE).strip() == "AccessDenied"
