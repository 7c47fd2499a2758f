"""Swapping a back end is one line of the spec, and leaves no trace of the old one on disk."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from compiler.cli import platformc

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: swaps}
spec:
  components:
    mlflow: {}
    STORE
    DATABASE
    KEYS
  workloads:
    training:
      image: registry.example.internal/training:1.0.0
      uses: [mlflow, KEYS-TYPE]
"""
LINES = {
    "minio": "minio: {replicas: 4}",
    "seaweedfs": "seaweedfs: {}",
    "ceph": "ceph: {}",
    "external-s3": "external-s3: {host: s3.example.internal}",
    "postgres": "postgres: {maxConnections: 200}",
    "cloudnative-pg": "cloudnative-pg: {maxConnections: 200}",
    "external-postgres": "external-postgres: {host: db.example.internal}",
    "redis": "redis: {}",
    "valkey": "valkey: {}",
    "external-redis": "external-redis: {host: keys.example.internal}",
}
# What only this back end puts into a tree: its names, images, hosts and labels.
TRACES = {
    "minio": ["minio"],
    "seaweedfs": ["seaweedfs", "weed "],
    "ceph": ["ceph", "objectbucket"],
    "external-s3": ["s3.example.internal", "external-s3"],
    "postgres": ["library/postgres:", "postgres-superuser", "/postgres-", "postgres.mlops"],
    "cloudnative-pg": ["cnpg", "cloudnative-pg"],
    "external-postgres": ["db.example.internal", "external-postgres"],
    "redis": ["library/redis:", "redis.mlops", "/redis-keys", "redis-server"],
    "valkey": ["valkey"],
    "external-redis": ["keys.example.internal", "external-redis"],
}
STORES = ("minio", "seaweedfs", "ceph", "external-s3")
DATABASES = ("postgres", "cloudnative-pg", "external-postgres")
KEYS = ("redis", "valkey", "external-redis")
SWAPS = [
    *(pair for kind in (STORES, DATABASES, KEYS) for pair in pairwise(kind)),
    *(("seaweedfs", "minio"), ("cloudnative-pg", "postgres"), ("valkey", "redis")),
]


def spec(chosen: str) -> str:
    """The platform with one back end chosen, and the first of each other kind."""
    store, database, keys = (
        chosen if chosen in kind else kind[0] for kind in (STORES, DATABASES, KEYS)
    )
    text = SPEC.replace("STORE", LINES[store]).replace("DATABASE", LINES[database])
    return text.replace("KEYS-TYPE", keys).replace("KEYS", LINES[keys])


def compiled(folder: Path, text: str) -> str:
    """Everything that stands on disk once a spec is compiled there."""
    file = folder / "platform.yaml"
    file.write_text(text)
    done = CliRunner().invoke(platformc, ["compile", "-f", str(file)])
    assert done.exit_code == 0, done.output
    # `.platformc` is the compiler's memory of what it said last, not part of the tree.
    memory = folder / ".platformc"
    files = (
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != file and memory not in path.parents
    )
    return "".join(f"{path.relative_to(folder)}\n{path.read_text()}" for path in files)


@pytest.mark.parametrize(("old", "new"), SWAPS)
def test_a_swap_leaves_no_trace(old: str, new: str, tmp_path: Path) -> None:
    before, after = spec(old), spec(new)
    changed = [
        (one, other)
        for one, other in zip(before.splitlines(), after.splitlines(), strict=True)
        if one != other and "uses:" not in one
    ]
    assert len(changed) == 1
    tree = compiled(tmp_path, before)
    assert all(trace in tree for trace in TRACES[old])
    tree = compiled(tmp_path, after)
    assert [trace for trace in TRACES[old] if trace in tree] == []
    assert all(trace in tree for trace in TRACES[new])


@pytest.mark.parametrize(("old", "new"), SWAPS[:1])
def test_a_swap_writes_what_a_fresh_compile_does(old: str, new: str, tmp_path: Path) -> None:
    for name in ("swapped", "fresh"):
        (tmp_path / name).mkdir()
    compiled(tmp_path / "swapped", spec(old))
    assert compiled(tmp_path / "swapped", spec(new)) == compiled(tmp_path / "fresh", spec(new))
