"""Back ends that take the place of others under a writer: nothing that was acknowledged is lost.

rclone is Debian's 1.60, PostgreSQL Debian's 15, Redis 7.0, Valkey 8.1, MinIO, SeaweedFS and Ceph (16.2) are real.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from live.move_writers import S3, WRITE
from live.moves import CASES, LARGE_CASES, TO_CEPH, Case, Running
from live.platforms import Platform
from live.pods.node import Node

pytestmark = pytest.mark.live


def named(case: Case) -> str:
    return f"{case.old}-{case.new}"


# Their scripts are those of the other pairs; what differs is who makes logins and buckets in the new instance.
SOAK = {"seaweedfs-bought", "postgres-postgres-18", "postgres-bought", "postgres-cluster",
        "mysql-bought", "seaweedfs-apart"}  # fmt: skip


def for_each(cases: tuple[Case, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "running",
        [
            pytest.param(case, marks=pytest.mark.soak if named(case) in SOAK else ())
            for case in cases
        ],
        ids=named, indirect=True,
    )  # fmt: skip


@pytest.fixture
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    node = Node(tmp_path / "node")
    result = Running(request.param, Platform(tmp_path / "platform"), node)
    try:
        result.deliver(cut_over=False)
        yield result
    finally:
        node.close()


@for_each((*CASES, *LARGE_CASES))
def test_nothing_is_lost_there_and_back(running: Running) -> None:
    case, writer = running.case, running.writing()
    assert f"from {case.old} to {case.new} in " in running.copied()
    assert case.refusal in running.refused(FREEZE="yes")
    began = time.monotonic()
    running.stopped(writer)
    printed = running.copied(FREEZE="yes")
    copied = time.monotonic()
    if case.frozen:
        program = f"START = 10**6{case.program}{WRITE}"
        late = running.node.run("mlops", "training", command=("python", "-c", program))
        running.node.until(lambda: late.failed, 60, [])
        assert case.frozen in running.node.report([late])
        running.node.discard([late])
    running.deliver(cut_over=True)
    print(f"{case.old} to {case.new}: copied in {copied - began:.1f} s of the freeze, {printed}")
    assert running.lost() == set()
    # The move is finished: another run does not overwrite the clients' later writes.
    writer = running.writing()
    running.stopped(writer)
    running.refused(FREEZE="yes")
    assert running.lost() == set()
    running.copied(DIRECTION="back", FREEZE="yes")
    running.deliver(cut_over=False)
    assert running.lost() == set()
    running.stopped(running.writing())
    assert running.lost() == set()


@for_each(CASES)
def test_what_others_keep_in_the_new_instance_is_not_deleted(running: Running) -> None:
    running.apply(running.case.end())
    running.stopped(running.writing())
    running.deliver(cut_over=False)
    assert "--replace" in running.refused()


@for_each(CASES)
def test_a_cut_over_that_stopped_half_way_is_undone(running: Running) -> None:
    """A writer that was forgotten makes it fail; then the old instance goes on as if nothing had been."""
    case, writer = running.case, running.writing()
    running.copied()
    assert case.refusal in running.refused(FREEZE="yes")
    running.stopped(writer)
    if (
        case.program is S3
    ):  # a store has no place for a mark that says which of the two is the newer one
        assert "leave this Job out" in running.refused(DIRECTION="back", FREEZE="yes")
    else:
        assert " never took the place of " in running.copied(DIRECTION="back", FREEZE="yes")
    running.stopped(running.writing())
    assert running.lost() == set()


@for_each((TO_CEPH,))
def test_rook_gives_rights_late_and_removes_the_user_of_the_job(running: Running) -> None:
    """In Ceph an object belongs to the user that wrote it: those that the Job wrote outlive its user."""
    node, rook, writer = running.node, running.rook, running.writing()
    rook.remove("move-to")
    copying = running.job()
    node.until(
        lambda: "waiting for the rights in to:training" in running.printed(copying), 60, [copying]
    )
    rook.apply(running.platform.manifests())
    assert "from minio to ceph in " in node.completed(copying, 60)
    running.stopped(writer)
    running.copied(FREEZE="yes")
    running.deliver(cut_over=True)
    running.apply(running.case.end())
    assert rook.users() == ["training-s3"]
    assert running.lost() == set()
    running.stopped(running.writing())  # replaces an object of the Job
    assert running.lost() == set()
