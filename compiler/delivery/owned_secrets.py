"""Find objects whose Secret goes with them, although pods of the platform still read it.

The operator is the owner of such a Secret, and Kubernetes deletes it with its owner, unless the deletion leaves
orphans. So a Secret outlives another provider of credentials, and an instance that adopts it.
"""

from __future__ import annotations

from compiler.model.package import Lowered
from compiler.model.resource import Resource


def is_still_read(resource: Resource, after: Lowered) -> bool:
    """Whether a tree without the object reads the Secret that the object owns."""
    custom = resource.custom
    if custom is None or custom.owned_secret is None:
        return False
    secret = custom.owned_secret(resource.manifest)
    return any(
        credential.name == secret and resource.namespace in credential.namespaces
        for credential in (*after.credentials, *after.granted)
    )
