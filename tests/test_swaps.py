"""Swapping a back end is one line of the spec, and leaves no trace of the old one on disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from itertools import permutations
from pathlib import Path

import pytest
from support.command_line import run

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
    TABLES
    argo-workflows: {archive: false}
    kubeflow-pipelines: {}
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
    "mysql": "mysql: {}",
    "external-mysql": "external-mysql: {host: tables.example.internal}",
}
# Words that only this back end puts into a tree: its names, images, hosts and labels.
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
    "mysql": ["library/mysql:", "mysql-root", "mysql.mlops", "/mysql-databases"],
    "external-mysql": ["tables.example.internal", "external-mysql"],
}
KINDS = (
    ("minio", "seaweedfs", "ceph", "external-s3"),
    ("postgres", "cloudnative-pg", "external-postgres"),
    ("redis", "valkey", "external-redis"),
    ("mysql", "external-mysql"),
)
SWAPS = [pair for kind in KINDS for pair in permutations(kind, 2)]


def spec(chosen: str) -> str:
    """The platform with one back end chosen, and the first of each other kind."""
    store, database, keys, tables = (chosen if chosen in kind else kind[0] for kind in KINDS)
    text = SPEC.replace("STORE", LINES[store]).replace("DATABASE", LINES[database])
    text = text.replace("KEYS-TYPE", keys).replace("KEYS", LINES[keys])
    return text.replace("TABLES", LINES[tables])


def compiled(folder: Path, text: str) -> str:
    """Everything that stands on disk once a spec is compiled there."""
    file = folder / "platform.yaml"
    file.write_text(text)
    result = run("compile", "-f", file)
    assert result.exit_code == 0, result.output
    # `.platformc` is the compiler's memory of its last output, not part of the tree.
    memory = folder / ".platformc"
    files = (
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != file and memory not in path.parents
    )
    return "".join(f"{path.relative_to(folder)}\n{path.read_text()}" for path in files)


Fresh = Callable[[str], tuple[Path, str]]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """A folder in which nothing but one choice was ever compiled, and its text."""

    @cache
    def compiled_choice(chosen: str) -> tuple[Path, str]:
        folder = tmp_path_factory.mktemp(chosen)
        return folder, compiled(folder, spec(chosen))

    return compiled_choice


@pytest.mark.parametrize(("old", "new"), SWAPS)
def test_a_swap_leaves_no_trace(old: str, new: str, tmp_path: Path, fresh: Fresh) -> None:
    lines = zip(spec(old).splitlines(), spec(new).splitlines(), strict=True)
    changed = [
        old_line for old_line, new_line in lines if old_line != new_line and "uses:" not in old_line
    ]
    assert len(changed) == 1
    folder, before = fresh(old)
    assert all(trace in before for trace in TRACES[old])
    shutil.copytree(folder, tmp_path / "swapped")
    after = compiled(tmp_path / "swapped", spec(new))
    assert [trace for trace in TRACES[old] if trace in after] == []
    assert all(trace in after for trace in TRACES[new])
    _, never_swapped = fresh(new)
    assert after == never_swapped
