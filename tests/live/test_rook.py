"""Rook's operator takes the compiled objects of `ceph` as they stand, on a real Ceph, and makes its gateways.

Clients have the keys of the platform; the operator's stand-in, with which other modules run, is compared.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from live import ceph_cluster
from live.ceph_cluster import MONITOR, NAMESPACE
from live.control_plane import ControlPlane
from live.plans import follow
from live.platforms import Platform
from live.pods.node import Node
from live.rook import of_kind
from live.rook_operator import Operator
from live.test_ceph import RIGHTS, TRY_KEY
from live.test_ceph import rights_of_users as rights

pytestmark = pytest.mark.live

SPEC = """
  components: {ceph: {}, kserve: {mode: standard}}
  models:
    churn: {format: sklearn, uri: "s3://train/churn/model"}
  workloads:
    train: {image: "registry.example.internal/training:1.0.0", uses: [ceph]}
    label: {image: "registry.example.internal/training:1.0.0", uses: [ceph]}
"""
KEY = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture(scope="module")
def rook(node: Node, plane: ControlPlane) -> Operator:
    return Operator(node, plane)


@pytest.fixture(scope="module")
def platform(folder: Path, node: Node, rook: Operator) -> Platform:
    """The platform, with all objects in the state of the plan's waits."""
    created = Platform(folder).write(SPEC)
    objects = created.compile()
    rook.start(folder / "prerequisites/default")
    node.objects.apply(of_kind(objects, "Secret"))
    rook.apply(objects)
    node.apply(objects)
    return created


def test_gateways_have_the_address_and_labels_that_are_compiled_for(
    platform: Platform, plane: ControlPlane
) -> None:
    (store,) = of_kind(platform.manifests(), "CephObjectStore")
    service, deployment = ceph_cluster.gateways(store)
    name, gateway = store["metadata"]["name"], store["spec"]["gateway"]
    title = f"rook-ceph-rgw-{name}"
    actual = plane.get(f"api/v1/namespaces/{NAMESPACE}/services/{title}")["spec"]
    assert [(port["port"], port["targetPort"]) for port in actual["ports"]] == [
        (port["port"], port["targetPort"]) for port in service["spec"]["ports"]
    ]
    pods = plane.get(f"apis/apps/v1/namespaces/{NAMESPACE}/deployments/{title}-a")["spec"]
    assert pods["replicas"] == gateway["instances"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert labels.items() <= pods["template"]["metadata"]["labels"].items()
    (container,) = pods["template"]["spec"]["containers"]
    assert container["resources"] == gateway["resources"]
    (expected,) = deployment["spec"]["template"]["spec"]["containers"]
    assert set(expected["args"]) <= set(container["args"])


def test_users_have_one_key_no_capability_and_no_bucket(
    platform: Platform, node: Node, plane: ControlPlane
) -> None:
    """The key of the platform's Secret: that of Rook holds none."""
    where = [f"--rgw-{part}=ceph" for part in ("realm", "zonegroup", "zone")]
    for user in of_kind(platform.manifests(), "CephObjectStoreUser"):
        name = user["metadata"]["name"]
        words = ("user", "info", f"--uid={name}", *where)
        actual = json.loads(node.execute(NAMESPACE, MONITOR, "radosgw-admin", *words))
        assert (len(actual["keys"]), actual["caps"], actual["max_buckets"]) == (1, [], -1)
        path = f"api/v1/namespaces/{NAMESPACE}/secrets/rook-ceph-object-user-ceph-{name}"
        written = plane.get(path)["data"]
        assert (written["AccessKey"], written["SecretKey"]) == ("", "")


def test_a_key_has_the_rights_of_its_claim_and_no_other(platform: Platform, node: Node) -> None:
    expected = rights(platform.manifests())
    buckets = sorted({bucket for item in expected.values() for bucket in item["read"]})
    keys = {name: [_secret(node, NAMESPACE, name)[key] for key in KEY] for name in expected}
    program = f"KEYS, BUCKETS = {json.dumps(keys)!r}, {buckets!r}{RIGHTS}"
    assert json.loads(node.script("mlops", "train", program)) == expected
    assert expected["models-mlops-store"] == {"read": ["train"], "write": [], "more": []}
    assert buckets == ["label", "train"]


def test_a_rotated_key_opens_and_the_old_one_does_not(
    platform: Platform, node: Node, rook: Operator
) -> None:
    old = _secret(node, "mlops", "train-s3")
    follow(platform.rotation("train-s3"), platform, node)
    rook.apply([*platform.secrets(), *platform.manifests()])
    program_of_client = TRY_KEY.replace('Bucket="mlflow"', 'Bucket="train"')
    for login, answer in (
        (old, "InvalidAccessKeyId"),
        (_secret(node, "mlops", "train-s3"), "let in"),
    ):
        key, secret = (login[name] for name in KEY)
        program = f"KEY, SECRET = {key!r}, {secret!r}{program_of_client}"
        assert node.script("mlops", "train", program).strip() == answer


def _secret(node: Node, namespace: str, name: str) -> dict[str, str]:
    return node.secret_values(namespace, name)
