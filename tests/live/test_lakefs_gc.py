"""lakeFS' collector on Spark, as compiled: objects that the rules let go leave the bucket, and no others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from live.lake_history import BUCKET, DUE, READ, WRITE
from live.platforms import Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

SPEC = """
  components:
    seaweedfs: {}
    postgres: {}
    lakefs:
      repositories:
        datasets: {}
        audits: {gc: {olderThan: 365d}}
      gc:
        image: registry.example.internal/lakefs-gc:0.22.0
        olderThan: 30d
        branches: {trial: 7d}
  workloads:
    writer: {image: "registry.example.internal/data:1.0.0", command: [python, write.py], uses: [lakefs]}
"""
# Every rule keeps the objects of the last day: the tests have no day to wait.
YOUNG = "spark.hadoop.lakefs.debug.gc.uncommitted_min_age_seconds 1"
AGED = SPEC.replace("      gc:\n", f"      files: {{spark.properties: {YOUNG!r}}}\n      gc:\n")
RUN = 400  # seconds

# Where a file is: repository and commit or branch, its name and its text.
Place = tuple[str, str, str]


@dataclass
class Lake:
    platform: Platform
    node: Node
    objects: dict[str, Place]  # by their key in the bucket

    def due(self) -> set[str]:
        return {key for key, (_, _, text) in self.objects.items() if text in DUE}

    def stored(self) -> set[str]:
        """The keys of the bucket but those of lakeFS' own records."""
        login = self.node.secret_values("mlops", "lakefs-store")
        program = (
            "URL = 'http://seaweedfs.mlops.svc.cluster.local:8333'\n"
            f"KEY, SECRET = {login['AWS_ACCESS_KEY_ID']!r}, {login['AWS_SECRET_ACCESS_KEY']!r}\n{BUCKET}"
        )
        keys = self.node.script("mlops", "writer", program).split()
        return {key for key in keys if "/data/" in key}

    def read(self, files: set[str], lost: set[str]) -> str:
        """Reads files at their commits; `410 Gone` answers for those that are lost."""
        program = f"FILES = {self._places(files)!r}\nLOST = {self._places(lost)!r}\n{READ}"
        return self.node.script("mlops", "writer", program, 300)

    def _places(self, keys: set[str]) -> list[Place]:
        # An object that was never committed, and that no branch has, is read nowhere.
        return [
            self.objects[key] for key in sorted(keys) if self.objects[key][1] != "never-committed"
        ]

    def collect(self) -> str:
        return self.node.completed(self.node.run("mlops", "lakefs-gc"), RUN)

    def deliver(self, spec: str) -> None:
        self.node.apply(self.platform.write(spec).compile())
        self.node.wait(300)


@pytest.fixture(scope="module")
def lake(platform: Platform, node: Node) -> Lake:
    printed: dict[str, Any] = json.loads(node.script("mlops", "writer", WRITE))
    return Lake(
        platform, node, {key: (ref, name, text) for key, (ref, name, text) in printed.items()}
    )


def test_no_object_of_the_last_day_goes(lake: Lake) -> None:
    printed = lake.collect()
    assert "collecting audits" in printed
    assert "collecting datasets" in printed
    assert lake.stored() == set(lake.objects)


def test_objects_that_the_rules_let_go_leave_the_bucket_and_no_others(lake: Lake) -> None:
    lake.deliver(AGED)
    assert len(lake.due()) == len(DUE)
    lake.collect()
    assert lake.stored() == set(lake.objects) - lake.due()
    assert lake.read(set(lake.objects) - lake.due(), lake.due()) == "read 7 lost 5\n"


def test_the_collector_prints_no_secret(lake: Lake) -> None:
    log = "".join(
        path.read_text(errors="replace") for path in (lake.node.place / "logs").glob("*lakefs-gc*")
    )
    assert "collecting datasets" in log
    for name in ("lakefs-admin", "lakefs-store"):
        assert lake.node.secret_values("mlops", name)["AWS_SECRET_ACCESS_KEY"] not in log
