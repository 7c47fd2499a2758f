"""List places of images that are gone: every pull from them fails.

Docker Hub's `minio/*` was deleted in September 2026 (testcontainers-node#1463, plane#9829), Bitnami's
versioned images moved to `bitnamilegacy` in 2025 (bitnami/containers#83267), and k8s.gcr.io was
replaced by registry.k8s.io in 2023.
"""

from __future__ import annotations

from compiler.spec.image import full_name

# By the beginning of an image's full name: the reason of its end, and the replacement.
GONE = {
    "docker.io/minio/": ("was deleted from Docker Hub", "the last ones are at `quay.io/minio/`"),
    "docker.io/bitnami/": (
        "has no versioned images any more",
        "use the image of the project itself",
    ),
    "docker.io/bitnamilegacy/": ("is frozen and will go", "use the image of the project itself"),
    "k8s.gcr.io/": ("is frozen since 2023", "use `registry.k8s.io/`"),
    "gcr.io/kubebuilder/": ("is gone since 2025", "use the image of the project itself"),
}


def removed_prefix(image: str) -> str | None:
    """The beginning of an image's name in the table, or None."""
    full = full_name(image)
    return next((prefix for prefix in GONE if full.startswith(prefix)), None)
