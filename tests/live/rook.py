"""The work of Rook 1.20.6 for a store, its users and the claims of its buckets, by Ceph's own command.

The operator itself does not run: each step follows its source, pkg/operator/ceph/object (`user/` and
`bucket/provisioner.go`), and speaks to a real Ceph.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from live import ceph_cluster
from live.ceph_cluster import MONITOR, NAMESPACE
from live.platforms import Manifest
from live.pods.node import Node

# As the owner of each bucket, whose keys are in CLAIMS.
BUCKETS = """
import boto3, json, os
from botocore.config import Config

for claim in json.loads(os.environ["CLAIMS"]):
    s3 = boto3.client(
        "s3", region_name="us-east-1", config=Config(s3={"addressing_style": "path"}),
        aws_access_key_id=claim["key"], aws_secret_access_key=claim["secret"],
        endpoint_url=os.environ["ENDPOINT"], verify=os.environ.get("AUTHORITY", True),
    )
    if claim["new"]:
        s3.create_bucket(Bucket=claim["bucket"])
    s3.put_bucket_policy(Bucket=claim["bucket"], Policy=claim["policy"])
"""
OWNER = "obc-"  # begins the name of a bucket's user


class Rook:
    """Applies Rook's objects to a node, again and again."""

    def __init__(self, node: Node) -> None:
        self.node, self.where = node, list[str]()

    def start(self, store: Manifest) -> None:
        """The cluster, and the realm, the zone group and the zone of a store; once."""
        if self.where:
            return
        self.node.apply(ceph_cluster.cluster(self.node.place))
        self.node.wait(60, MONITOR)
        name = store["metadata"]["name"]
        where = [f"--rgw-{part}={name}" for part in ("realm", "zonegroup", "zone")]
        self.admin("realm", "create", where[0])
        self.admin("zonegroup", "create", *where[:2], "--master")
        self.admin("zone", "create", *where, "--master")
        self.admin("period", "update", "--commit", *where)
        self.where = where

    def admin(self, *words: str) -> str:
        return self.node.execute(NAMESPACE, MONITOR, "radosgw-admin", *words)

    def apply(self, manifests: Iterable[Manifest]) -> None:
        """A store's gateways, its users, and then its buckets. The Secrets that they name are there."""
        objects = list(manifests)
        (store,) = of_kind(objects, "CephObjectStore")
        self.start(store)
        self.node.apply(ceph_cluster.gateways(store))
        self.node.wait(120, f"rook-ceph-rgw-{store['metadata']['name']}-a")
        users = of_kind(objects, "CephObjectStoreUser")
        for name in set(self.users()) - {user["metadata"]["name"] for user in users}:
            self.remove(name)
        for user in users:
            self._user(user)
        owned = [self._owner(claim) for claim in of_kind(objects, "ObjectBucketClaim")]
        self._buckets(store, owned)

    def users(self) -> list[str]:
        """Those that objects ask for, without the owners of buckets."""
        names: list[str] = json.loads(self.admin("user", "list", *self.where))
        return sorted(name for name in names if not name.startswith(OWNER))

    def remove(self, name: str) -> None:
        self.admin("user", "rm", f"--uid={name}", *self.where)

    def _user(self, user: Manifest) -> None:
        """A user with the keys that the object names, found in the namespace of the object, and no other."""
        name, spec = user["metadata"]["name"], user["spec"]
        exact = [f"--uid={name}", f"--display-name={spec['displayName']}",
                 f"--max-buckets={spec['quotas']['maxBuckets']}"]  # fmt: skip
        live = self._live(name) or self._created(exact)
        self.admin("user", "modify", *exact, *self.where)
        keys = [self._key(user["metadata"]["namespace"], key) for key in spec["keys"]]
        for key in live["keys"]:
            if (key["access_key"], key["secret_key"]) not in keys:
                self.admin("key", "rm", exact[0], f"--access-key={key['access_key']}", *self.where)
        for access, secret in keys:
            words = [f"--access-key={access}", f"--secret-key={secret}"]
            self.admin("key", "create", exact[0], "--key-type=s3", *words, *self.where)

    def _key(self, namespace: str, key: Manifest) -> tuple[str, str]:
        access, secret = (
            self.node.objects.value("Secret", namespace, key[part]).decode()
            for part in ("accessKeyRef", "secretKeyRef")
        )
        return access, secret

    def _live(self, name: str) -> Manifest | None:
        users: list[str] = json.loads(self.admin("user", "list", *self.where))
        if name not in users:
            return None
        live: Manifest = json.loads(self.admin("user", "info", f"--uid={name}", *self.where))
        return live

    def _created(self, words: list[str]) -> Manifest:
        user: Manifest = json.loads(self.admin("user", "create", *words, *self.where))
        return user

    def _owner(self, claim: Manifest) -> Manifest:
        """A bucket's owner, with a key that Ceph makes."""
        place = claim["metadata"]
        name = f"{OWNER}{place['namespace']}-{place['name']}"
        existing = self._live(name)
        live = existing or self._created([f"--uid={name}", f"--display-name={name}"])
        (key,) = live["keys"]
        return {
            "key": key["access_key"], "secret": key["secret_key"], "new": existing is None,
            "bucket": claim["spec"]["bucketName"], "name": name,
            "policy": claim["spec"]["additionalConfig"]["bucketPolicy"],
        }  # fmt: skip

    def _buckets(self, store: Manifest, claims: list[Manifest]) -> None:
        name, gateway = store["metadata"]["name"], store["spec"]["gateway"]
        scheme = "https" if "securePort" in gateway else "http"
        port = gateway.get("securePort") or gateway["port"]
        variables = {
            "CLAIMS": json.dumps(claims),
            "ENDPOINT": f"{scheme}://rook-ceph-rgw-{name}.{NAMESPACE}.svc:{port}",
        }
        container: Manifest = {
            "name": "operator", "image": "registry.example.internal/operator:1",
            "command": ["python", "-c", BUCKETS],
        }  # fmt: skip
        volumes: list[Manifest] = []
        if (
            scheme == "https"
        ):  # Go also trusts `tls.crt` itself, as Rook does; Python wants its authority
            variables["AUTHORITY"] = "/certificate/ca.crt"
            secret = {"secretName": gateway["sslCertificateRef"]}
            volumes = [{"name": "certificate", "secret": secret}]
            container["volumeMounts"] = [{"name": "certificate", "mountPath": "/certificate"}]
        container["env"] = [{"name": key, "value": value} for key, value in variables.items()]
        spec = {"containers": [container], "volumes": volumes}
        template = {"metadata": {"labels": {}}, "spec": spec}
        self.node.completed(self.node.run(NAMESPACE, "operator", template=template), 120)
        for claim in claims:
            self.admin("user", "modify", f"--uid={claim['name']}", "--max-buckets=1", *self.where)


def of_kind(manifests: Iterable[Manifest], kind: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]
