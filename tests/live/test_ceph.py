"""A real Ceph (16.2.15, Debian's) as the store of the compiled clients: by plain HTTP, then by TLS.

A monitor, an OSD and two gateways run as pods; Rook's part is done as its source does it (rook.py).
"""

from __future__ import annotations

import json
import subprocess
from copy import deepcopy
from pathlib import Path

import pytest

from live import features
from live.bindings import idle
from live.data import PULL, PUSH, REFRESH, S3, repository
from live.plans import follow
from live.platforms import Manifest, Platform
from live.pods.node import Node
from live.rook import Rook, of_kind

pytestmark = pytest.mark.live

SPEC = f"""
  backup: {{to: ceph, encrypt: true}}
  components:
    ceph: {{}}
    postgres: {{maxConnections: 130}}
    redis: {{}}
    mlflow: {{}}
    lakefs: {{repositories: {{datasets: {{}}, features: {{defaultBranch: trunk}}}}}}
    dvc: {{externalEndpoint: "http://ceph.ml.example.internal", remotes: {{versions: {{bucket: dvc-versions}}}}}}
    kserve: {{mode: standard}}
    feast:
      project: on_prem_mlops
      bucket: lake-bucket
      keyTtl: 30d
      materialize: {{schedule: "*/15 * * * *"}}{features.repository(*features.FILE)}
  models:
    churn: {{format: sklearn, uri: "s3://mlflow/churn/model"}}
  workloads:
    train:
      image: registry.example.internal/training:1.0.0
      command: [python, train.py]
      uses: [mlflow]
    refresh:
      image: registry.example.internal/data:1.0.0
      command: [python, refresh.py]
      uses: [lakefs]
    label:
      image: registry.example.internal/data:1.0.0
      command: [python, label.py]
      uses: [dvc]
    training:
      image: quay.io/feastdev/feature-server:0.67.0
      command: [python, train.py]
      uses: [feast]
"""
GATEWAY = "rook-ceph-rgw-ceph.rook-ceph.svc"
LOG_A_RUN = """
import mlflow
with mlflow.start_run() as run:
    mlflow.log_metric("loss", 0.25)
    mlflow.log_text("from a training pod", "note.txt")
print(mlflow.artifacts.load_text(run.info.artifact_uri + "/note.txt"))
"""
# By the server's own key, of an object that the training pod wrote.
OBJECTS = """
import boto3
s3 = boto3.client("s3")
for item in s3.list_objects_v2(Bucket="mlflow")["Contents"]:
    print(item["Key"], s3.get_object(Bucket="mlflow", Key=item["Key"])["Body"].read())
"""
# The rights that each key has, by what the store answers.
RIGHTS = """
import boto3, json
from botocore.exceptions import ClientError

def allowed(call, **words):
    try:
        call(**words)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied", error
        return False
    return True

rights = {}
for name, (key, secret) in json.loads(KEYS).items():
    s3 = boto3.client("s3", aws_access_key_id=key, aws_secret_access_key=secret)
    created = allowed(s3.create_bucket, Bucket=name + "-squatted")
    policies = [bucket for bucket in BUCKETS if allowed(s3.delete_bucket_policy, Bucket=bucket)]
    rights[name] = {
        "read": [bucket for bucket in BUCKETS if allowed(s3.list_objects_v2, Bucket=bucket)],
        "write": [bucket for bucket in BUCKETS if allowed(s3.put_object, Bucket=bucket, Key="tried/" + name)
                  and allowed(s3.delete_object, Bucket=bucket, Key="tried/" + name)],
        "more": policies + ["buckets"] * created,
    }
print(json.dumps(rights))
"""
TRY_KEY = """
import boto3
from botocore.exceptions import ClientError
s3 = boto3.client("s3", aws_access_key_id=KEY, aws_secret_access_key=SECRET)
try:
    s3.list_objects_v2(Bucket="mlflow")
    print("let in")
except ClientError as error:
    print(error.response["Error"]["Code"])
"""
OVERWRITE = f"""{S3}
s3.put_object(Bucket="datasets", Key="main/orders.csv", Body=b"again")
print(s3.get_object(Bucket="datasets", Key="main/orders.csv")["Body"].read())
"""
KEEP = ("create table kept as select 7 as value", "select value from kept", "drop table kept")


@pytest.fixture(scope="module")
def rook(node: Node) -> Rook:
    return Rook(node)


@pytest.fixture(scope="module")
def platform(folder: Path, node: Node, rook: Rook) -> Platform:
    created = Platform(folder).write(SPEC)
    objects = created.compile()
    delivered(objects, node, rook)
    return created


def delivered(objects: list[Manifest], node: Node, rook: Rook) -> None:
    """In the order of the plan: Secrets, the store with its buckets, then the store's clients."""
    node.objects.apply(of_kind(objects, "Secret"))
    rook.apply(objects)
    node.apply(objects)
    node.wait(300)


def works(node: Node) -> None:
    """Each client does its work."""
    assert node.script("mlops", "train", LOG_A_RUN).strip().endswith("from a training pod")
    artefacts = node.execute("mlops", "mlflow", "python", "-c", OBJECTS)
    assert "note.txt b'from a training pod'" in artefacts
    node.script("mlops", "training", features.WRITE)
    node.rerun("mlops", "feast-materialize")
    features.read(node, "[7]")
    features.served(node)
    begin = repository(node, "dvc")
    pushed = node.script("mlops", "label", begin + PUSH)
    dvc_file = pushed.split("known as ")[1].split("\n\n")[0] + "\n"
    assert "pulled cat,7" in node.script(
        "mlops", "label", f"{begin}DVC_FILE = {dvc_file!r}\n{PULL}"
    )


def rights_of_users(objects: list[Manifest]) -> dict[str, dict[str, list[str]]]:
    """The rights of each user by what its consumers claim: the policies name it."""
    rights: dict[str, dict[str, list[str]]] = {
        user["metadata"]["name"]: {"read": [], "write": [], "more": []}
        for user in of_kind(objects, "CephObjectStoreUser")
    }
    for claim in of_kind(objects, "ObjectBucketClaim"):
        bucket = claim["spec"]["bucketName"]
        policy = json.loads(claim["spec"]["additionalConfig"]["bucketPolicy"])
        for statement in policy["Statement"]:
            for arn in statement["Principal"]["AWS"]:
                for action, right in (("s3:ListBucket", "read"), ("s3:PutObject", "write")):
                    if action in statement["Action"]:
                        rights[arn.rpartition("/")[2]][right].append(bucket)
    return {
        name: {right: sorted(buckets) for right, buckets in of_user.items()}
        for name, of_user in rights.items()
    }


def test_the_smoke_jobs_run_is_logged(platform: Platform, node: Node) -> None:
    pod = node.pod("mlops", node.named("mlops", "mlflow-smoke"))
    assert "Run logged successfully!" in node.output(pod)


def test_a_branch_of_lakefs_is_written_and_read(platform: Platform, node: Node) -> None:
    printed = node.script("mlops", "refresh", REFRESH)
    assert "main b'first'" in printed
    assert "next b'second'" in printed


def test_a_key_has_the_rights_of_its_claim_and_no_other(platform: Platform, node: Node) -> None:
    objects = [*platform.secrets(), *platform.manifests()]
    expected = rights_of_users(objects)
    buckets = sorted({bucket for rights in expected.values() for bucket in rights["read"]})
    keys = {
        name: tuple(node.secret_values("rook-ceph", name)[key] for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
        for name in expected
    }  # fmt: skip
    program = f"KEYS, BUCKETS = {json.dumps(keys)!r}, {buckets!r}{RIGHTS}"
    rights = json.loads(node.execute("mlops", "mlflow", "python", "-c", program))
    assert rights == expected
    assert expected["models-mlops-store"]["write"] == []
    assert len(buckets) == 5


def test_a_rotated_key_opens_and_the_old_one_does_not(
    platform: Platform, node: Node, rook: Rook
) -> None:
    old = node.secret_values("mlops", "mlflow-artifacts")
    follow(platform.rotation("mlflow-artifacts"), platform, node)
    rook.apply([*platform.secrets(), *platform.manifests()])  # the operator watches the Secret
    login = f"KEY, SECRET = {old['AWS_ACCESS_KEY_ID']!r}, {old['AWS_SECRET_ACCESS_KEY']!r}"
    answer = node.execute("mlops", "mlflow", "python", "-c", login + TRY_KEY)
    assert answer.strip() == "InvalidAccessKeyId"
    assert "model.txt" in node.execute("mlops", "mlflow", "python", "-c", OBJECTS)


def secured(folder: Path) -> tuple[str, Manifest]:
    """The platform with TLS: an authority, and the gateway's certificate for the two names that the docs ask for."""
    key = ("-newkey", "rsa:2048", "-nodes", "-days", "2", "-addext")
    names = f"subjectAltName=DNS:{GATEWAY},DNS:{GATEWAY}.cluster.local"
    for command in (
        ("-x509", *key, "keyUsage=keyCertSign", "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=acme"),
        ("-x509", *key, names, "-CA", "ca.crt", "-CAkey", "ca.key", "-keyout", "tls.key", "-out", "tls.crt",
         "-subj", "/CN=ceph"),
    ):  # fmt: skip
        subprocess.run(("openssl", "req", *command), cwd=folder, check=True, capture_output=True)
    data = {name: (folder / name).read_text() for name in ("ca.crt", "tls.crt", "tls.key")}
    section = f"ceph: {{tls: {{secret: ceph-tls}}, ca: {json.dumps(data['ca.crt'])}}}"
    metadata = {"name": "ceph-tls", "namespace": "rook-ceph"}
    secret = {"kind": "Secret", "metadata": metadata, "stringData": data}
    return SPEC.replace("ceph: {}", section), secret


@pytest.fixture(scope="module")
def secure(platform: Platform, node: Node, rook: Rook) -> str:
    """The spec of the platform that runs from then on."""
    spec, secret = secured(node.place)
    delivered([secret, *platform.write(spec).compile()], node, rook)
    return spec


def test_every_client_works_by_tls(secure: str, node: Node) -> None:
    works(node)
    assert "b'again'" in node.script("mlops", "refresh", OVERWRITE)


def test_a_copy_in_ceph_brings_a_lost_table_back(secure: str, node: Node) -> None:
    create, read, drop = (("psql", "-U", "postgres", "-Atc", line, "mlflow") for line in KEEP)
    node.execute("mlops", "postgres", *create)
    node.completed(node.run("mlops", "postgres-backup"), 200)
    for client in ("mlflow", "lakefs", "feast"):
        node.stop("Deployment", "mlops", client)
    node.execute("mlops", "postgres", *drop)
    template = deepcopy(node.template("mlops", "postgres-restore"))
    (container,) = template["spec"]["containers"]
    container["env"].append({"name": "REPLACE", "value": "yes"})
    node.completed(node.run("mlops", "postgres-restore", template=template), 200)
    assert node.execute("mlops", "postgres", *read).strip() == "7"


def test_every_binding_was_used(secure: str, node: Node) -> None:
    """But for those of models: no pod of an operator runs here."""
    assert [line for line in idle(secure, node) if not line.startswith(("models-", "churn "))] == []
