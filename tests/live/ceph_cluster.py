"""A Ceph cluster for a node, and the gateways that Rook 1.20.6 makes of a store, as pods.

By pkg/operator/ceph/object of that release: names, labels and ports of the Service, the flags of the
gateway, the realm, the zone group and the zone. The probe asks the same path.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from live.platforms import Manifest
from live.pods.images import HERE

NAMESPACE, IMAGE = "rook-ceph", "quay.io/ceph/ceph:v16.2.15"
CLUSTER, MONITOR = "11111111-2222-3333-4444-555555555555", "rook-ceph-mon"
GATEWAY_PORT = 8080  # rgwPortInternalPort
KEYRING = "/etc/ceph/keyring"
CERTIFICATES = "/etc/rgw"
PROBE = ("curl", "--insecure", "--silent", "--fail", "--output", "/dev/null")
CONFIGURATION = f"""[global]
fsid = {CLUSTER}
mon host = {MONITOR}.{NAMESPACE}.svc.cluster.local:6789
keyring = {KEYRING}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 1073741824
mon allow pool size one = true
mon data avail warn = 0
mon data avail crit = 0
auth allow insecure global id reclaim = false
mon data = /var/lib/ceph/mon
osd data = /var/lib/ceph/osd
run dir = /tmp
log to file = false
log to stderr = true
"""
LOGINS = {
    "mon.": ["mon", "allow *"],
    "client.admin": ["mon", "allow *", "osd", "allow *"],
    "osd.0": ["mon", "allow profile osd", "osd", "allow *"],
    "client.rgw": ["mon", "allow rw", "osd", "allow rwx"],
}


def cluster(folder: Path) -> list[Manifest]:
    """The monitor and its OSD, found as a monitor of Rook's is."""
    labels = {"app": MONITOR}
    address = {"name": "ADDRESS", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    container = {
        "name": "cluster",
        "image": IMAGE,
        "command": ["sh", str(HERE / "ceph-cluster.sh")],
        "env": [{"name": "CLUSTER", "value": CLUSTER}, address],
        "readinessProbe": {"exec": {"command": ["rados", "lspools"]}, "timeoutSeconds": 10},
    }
    data: list[Manifest] = [{"name": name, "emptyDir": {}} for name in ("mon", "osd")]
    mounts = [{"name": name, "mountPath": f"/var/lib/ceph/{name}"} for name in ("mon", "osd")]
    return [
        _object("ConfigMap", "rook-ceph-config", data={"ceph.conf": CONFIGURATION}),
        _object("Secret", "rook-ceph-keyring", stringData={"keyring": _keyring(folder)}),
        _object("Service", MONITOR, spec={"clusterIP": "None", "selector": labels}),
        _deployment(MONITOR, labels, container, data, mounts),
    ]


def _keyring(folder: Path) -> str:
    path = folder / "keyring"
    path.touch()
    for name, rights in LOGINS.items():
        caps = [
            word for daemon, right in zip(rights[::2], rights[1::2], strict=True)
            for word in ("--cap", daemon, right)
        ]  # fmt: skip
        subprocess.run(
            ["ceph-authtool", path, "--gen-key", "-n", name, *caps], check=True, capture_output=True
        )
    return path.read_text()


def gateways(store: Manifest) -> list[Manifest]:
    """A store's gateways and their Service."""
    name, gateway = store["metadata"]["name"], store["spec"]["gateway"]
    labels = {"app": "rook-ceph-rgw", "rook_object_store": name}
    secure = gateway.get("securePort")
    port, target = (secure, secure) if secure else (gateway["port"], GATEWAY_PORT)
    listener = f"port={target}"
    if secure:
        listener = (
            f"ssl_port={target} ssl_certificate={CERTIFICATES}/rgw-cert.pem "
            f"ssl_private_key={CERTIFICATES}/rgw-key.pem"
        )
    address = f"{'https' if secure else 'http'}://0.0.0.0:{target}/swift/healthcheck"
    container = {
        "name": "rgw",
        "image": IMAGE,
        "command": ["radosgw", "--id", "rgw", "--foreground", f"--rgw-frontends=beast {listener}"],
        "args": [f"--rgw-{part}={name}" for part in ("realm", "zonegroup", "zone")],
        "readinessProbe": {"exec": {"command": [*PROBE, address]}, "failureThreshold": 30},
    }
    certificate: list[Manifest] = []
    mounts: list[Manifest] = []
    if secure:
        items = [
            {"key": "tls.crt", "path": "rgw-cert.pem"}, {"key": "tls.key", "path": "rgw-key.pem"},
        ]  # fmt: skip
        secret = {"secretName": gateway["sslCertificateRef"], "items": items}
        certificate = [{"name": "certificate", "secret": secret}]
        mounts = [{"name": "certificate", "mountPath": CERTIFICATES}]
    title = f"rook-ceph-rgw-{name}"
    ports = [{"port": port, "targetPort": target}]
    return [
        _object("Service", title, spec={"selector": labels, "ports": ports}),
        _deployment(f"{title}-a", labels, container, certificate, mounts, gateway["instances"]),
    ]


def _object(kind: str, name: str, **fields: Manifest) -> Manifest:
    return {"kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, **fields}


def _deployment(
    name: str, labels: dict[str, str], container: Manifest, volumes: list[Manifest],
    mounts: list[Manifest], replicas: int = 1,
) -> Manifest:  # fmt: skip
    """Pods with Ceph's configuration and keyring."""
    sources = [
        {"configMap": {"name": "rook-ceph-config"}}, {"secret": {"name": "rook-ceph-keyring"}},
    ]  # fmt: skip
    volumes = [{"name": "ceph", "projected": {"sources": sources}}, *volumes]
    mounts = [{"name": "ceph", "mountPath": "/etc/ceph"}, *mounts]
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{**container, "volumeMounts": mounts}], "volumes": volumes},
    }
    return _object("Deployment", name, spec={"replicas": replicas, "template": template})
