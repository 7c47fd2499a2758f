"""What `restricted` asks of pods and containers (Pod Security Standards), and a little more."""

from __future__ import annotations

from compiler.model.resource import Manifest

# The user of images that run as any: above those of a node, so that no file of a host is its own.
USER = 10001


# What `restricted` asks of every pod, and of every container; and no writing to the image's files.
UNPRIVILEGED: Manifest = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


LOCKED: Manifest = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
