"""The identities of the S3 gateway, each with the buckets of its claim.

Without identities the gateway is open to everyone (SeaweedFS 4.x), so an init container writes them
from the clients' Secrets at each start of a pod.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compiler import kube, model
from compiler.components.bases import bucket_backup
from compiler.interfaces import s3
from compiler.model import Env, SecretRef

FOLDER = "/etc/seaweedfs"
FILE = f"{FOLDER}/s3.json"


def administrator(me: model.Instance[Any]) -> str:
    """The Secret with the key that opens every bucket."""
    return f"{me.name}-admin"


def reader(me: model.Instance[Any], buckets: Sequence[str]) -> tuple[str, str]:
    """The identity of backups: it reads every bucket, and writes none."""
    claim = s3.Claim(buckets=tuple(buckets), read_only=True)
    return bucket_backup.secret(me), actions(claim)


def actions(claim: s3.Claim) -> str:
    verbs = ["Read", "List"] if claim.read_only else ["Read", "List", "Write", "Tagging"]
    return ",".join(f'"{verb}:{bucket}"' for bucket in claim.buckets for verb in verbs)


def volume() -> kube.Volume:
    return kube.empty_dir("identities", FOLDER, "1Mi", memory=True)


def container(
    me: model.Instance[Any], resources: model.Manifest, identities: Sequence[tuple[str, str]]
) -> kube.Container:
    """The init container; `identities` are Secrets with the actions that their keys allow."""
    admin = administrator(me)
    env = [
        Env("ADMIN_ACCESS_KEY", SecretRef(admin, s3.ACCESS_KEY)),
        Env("ADMIN_SECRET_KEY", SecretRef(admin, s3.SECRET_KEY)),
    ]
    logins = [(name, kube.suffix(name), allowed) for name, allowed in identities]
    for name, suffix, _ in logins:
        env.append(Env(f"ACCESS_KEY_{suffix}", SecretRef(name, s3.ACCESS_KEY)))
        env.append(Env(f"SECRET_KEY_{suffix}", SecretRef(name, s3.SECRET_KEY)))
    script = kube.render(__file__, "identities.sh.j2", identities=logins)
    return kube.Container(
        "identities", me.spec.image, resources, command=["sh", "-c", script], env=env
    )
