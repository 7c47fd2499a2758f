"""Define security contexts as the `restricted` Pod Security Standard requires, with a read-only root."""

from __future__ import annotations

from compiler.model.manifest import Manifest

# User id for images that run as any user. It is above a node's own ids, so it owns no file of a host.
USER = 10001


# Required of every pod by `restricted`.
UNPRIVILEGED: Manifest = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


# Required of every container by `restricted`; also, the image's files are read-only.
LOCKED: Manifest = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
