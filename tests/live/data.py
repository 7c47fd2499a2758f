"""Programs of pods that work with data under version control: over S3, and with DVC in Git."""

from __future__ import annotations

from live.pods.node import Node

S3 = """
import botocore.exceptions, botocore.session
s3 = botocore.session.get_session().create_client("s3")
"""
# Links are signed as requests are, where the AWS configuration file says so.
SIGNED = """
link = s3.generate_presigned_url("get_object", Params={"Bucket": "any", "Key": "any"})
assert "X-Amz-Signature" in link, link
"""
# By a link for each region that a pod is configured for: Go, Java and pyarrow read the first one, boto3 the
# second; a request, boto3 sends again to the region that the answer names.
REGIONS = """
import botocore.configloader, botocore.session, os, urllib.request

file = botocore.configloader.load_config(os.environ["AWS_CONFIG_FILE"])["profiles"]["default"]
for region in (os.environ["AWS_REGION"], os.environ["AWS_DEFAULT_REGION"], file["region"]):
    client = botocore.session.get_session().create_client("s3", region_name=region)
    where = {"Bucket": BUCKET, "Prefix": "main/"}
    urllib.request.urlopen(client.generate_presigned_url("list_objects_v2", Params=where))
"""
# MinIO compares the region only where its region is configured, which is not derived.
SITE_REGION = """
      patches:
        - target: {kind: StatefulSet, name: minio}
          operations:
            - op: add
              path: /spec/template/spec/containers/0/env/-
              value: {name: MINIO_SITE_REGION, value: us-east-1}"""
# With the configuration of a repository in CONFIG.
REPOSITORY = """
import os, pathlib, subprocess

def run(*words):
    subprocess.run(words, check=True)

os.makedirs("/tmp/repository")
os.chdir("/tmp/repository")
run("git", "init", "--quiet")
run("dvc", "init", "--quiet")
pathlib.Path(".dvc/config").write_text(CONFIG)
os.symlink("/etc/dvc/config.local", ".dvc/config.local")
"""
PUSH = """
pathlib.Path("labels.csv").write_text("cat,7")
run("dvc", "add", "--quiet", "labels.csv")
run("dvc", "push")
print("known as", pathlib.Path("labels.csv.dvc").read_text())
"""

# After a line that gives DVC_FILE, the text of the `.dvc` file that `dvc add` wrote.
PULL = """
pathlib.Path("labels.csv.dvc").write_text(DVC_FILE)
run("dvc", "pull")
print("pulled", pathlib.Path("labels.csv").read_text())
"""
# Through the gateway as through any store, and by lakeFS' own client where branches are meant.
REFRESH = f"""{S3}
import subprocess

def lakectl(*words):
    done = subprocess.run(("lakectl", *words), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

s3.put_object(Bucket="datasets", Key="main/orders.csv", Body=b"first")
lakectl("commit", "lakefs://datasets/main", "--message", "orders")
lakectl("branch", "create", "lakefs://datasets/next", "--source", "lakefs://datasets/main")
s3.put_object(Bucket="datasets", Key="next/orders.csv", Body=b"second")
for branch in ("main", "next"):
    print(branch, s3.get_object(Bucket="datasets", Key=branch + "/orders.csv")["Body"].read())
print(lakectl("log", "lakefs://datasets/main", "--amount", "1"))
print(lakectl("repo", "list"))
s3.put_object(Bucket="features", Key="trunk/a", Body=b"there")
"""


def repository(node: Node, instance: str) -> str:
    """A program that makes a Git repository with the configuration that the instance compiles to."""
    return f"CONFIG = {config(node, instance)!r}\n{REPOSITORY}"


def config(node: Node, instance: str) -> str:
    return node.objects.data("ConfigMap", "mlops", instance)["config"].decode()
