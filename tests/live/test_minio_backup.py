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


# Of the copies themselves, with the key that copies them: the largest object.
SPOIL = """
export RCLONE_CONFIG_SAFE_PASSWORD=$(printf %s "$BACKUP_KEY" | rclone obscure -)
path="current/training/models/a b/19"
"""
# Its size is as before, so that no list says it: its cipher is broken, or it is another text.
BROKEN = f"""{SPOIL}
cipher=copies:minio-backups/$(rclone cryptdecode --reverse safe: "$path" | awk '{{print $NF}}')
rclone cat "$cipher" >/tmp/object
printf broken | dd of=/tmp/object bs=1 seek=1000 conv=notrunc
rclone rcat "$cipher" </tmp/object
"""
OVERWRITTEN = f'{SPOIL}head -c 19000 /dev/zero | rclone rcat "safe:$path"\n'
CUT = f'{SPOIL}head -c 9000 /dev/zero | rclone rcat "safe:$path"\n'


def spoil(node: Node, words: str) -> None:
    node.completed(node.run("mlops", "minio-backup", command=("sh", "-euc", words)), 60)


def copied(node: Node) -> str:
    """The time of a new copy."""
    printed = node.completed(node.run("mlops", "minio-backup"), 200)
    return printed.split("copied ")[1].strip()


def refused(node: Node, name: str) -> str:
    pod = node.run("mlops", name)
    node.until(lambda: pod.failed or pod.finished, 200, [])
    assert pod.failed
    return node.report([pod])


def restored(node: Node, **variables: str) -> str:
    template = node.template("mlops", "minio-restore")
    (container,) = template["spec"]["containers"]
    entries = [{"name": name, "value": value} for name, value in variables.items()]
    changed = {**container, "env": [*container["env"], *entries]}
    template = {**template, "spec": {**template["spec"], "containers": [changed]}}
    return node.completed(node.run("mlops", "minio-restore", template=template), 200)


def test_lost_and_changed_objects_come_back(platform: Platform, node: Node) -> None:
    assert node.script("mlops", "training", WRITE).strip() == "written"
    before = node.script("mlops", "training", DIGEST)
    assert "training: 20 objects" in node.completed(node.run("mlops", "minio-backup"), 200)
    assert node.script("mlops", "training", LOSE).strip() == "lost"
    assert "training is not empty" in refused(node, "minio-restore")
    # Ten of the originals are gone, and one was written since.
    drilled = node.completed(node.run("mlops", "minio-drill"), 200)
    assert "all of 20 objects are in the copy" in drilled
    assert "20 came back, 9 as the originals are" in drilled
    assert "training is as it was copied at" in restored(node, REPLACE="yes")
    assert node.script("mlops", "training", DIGEST) == before


def test_an_earlier_state_comes_back_by_its_time(platform: Platform, node: Node) -> None:
    assert node.script("mlops", "training", WRITE).strip() == "written"
    before = node.script("mlops", "training", DIGEST)
    time = copied(node)
    assert node.script("mlops", "training", LOSE).strip() == "lost"
    assert copied(node) > time
    assert "training is as it was copied at" in restored(node, AT=time, REPLACE="yes")
    assert node.script("mlops", "training", DIGEST) == before


def test_the_key_of_backups_changes_nothing(platform: Platform, node: Node) -> None:
    stored_login = node.secret_values("mlops", "minio-backup")
    login = f"KEY, SECRET = {stored_login['AWS_ACCESS_KEY_ID']!r}, {stored_login['AWS_SECRET_ACCESS_KEY']!r}\n"
    assert node.script("mlops", "training", login + DELETE).strip() == "AccessDenied"


def test_a_drill_notices_a_copy_that_was_spoilt(platform: Platform, node: Node) -> None:
    copied(node)
    assert "20 came back" in node.completed(node.run("mlops", "minio-drill"), 200)
    spoil(node, BROKEN)
    assert "models/a b/19" in refused(node, "minio-drill")
    spoil(node, OVERWRITTEN)
    reason = "differs from the originals, which nobody has written since"
    assert reason in refused(node, "minio-drill")


def test_a_copy_that_was_cut_off_is_refused_before_anything_is_overwritten(
    platform: Platform, node: Node
) -> None:
    before = node.script("mlops", "training", DIGEST)
    spoil(node, CUT)
    assert "of training these are missing or cut off" in refused(node, "minio-restore")
    assert node.script("mlops", "training", DIGEST) == before
