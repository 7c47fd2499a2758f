"""A platform that moves a back end on a real node, by the commands that `platformc move` prints."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from cluster import jobs
from cluster.node import Node


@dataclass
class Moving:
    """The platform in the middle of its move, and the numbers that were acknowledged."""

    node: Node
    folder: Path
    spec: str  # with `cutOver: false`
    write: str  # the program of `writer`, which says each number that was acknowledged; START is the first
    read: str  # a program that prints every number
    acknowledged: set[int] = field(default_factory=set)

    def follow(self, *options: str, over: bool) -> float:
        """The printed plan, typed as it stands; the seconds that it took."""
        spec = self.spec.replace("cutOver: false", "cutOver: true") if over else self.spec
        (self.folder / "platform.yaml").write_text(spec)
        self.node.shell("platformc compile; platformc secrets generate default", self.folder)
        began = time.monotonic()
        self.node.shell(f"platformc move default {' '.join(options)} | sh -e", self.folder)
        return time.monotonic() - began

    def writing(self) -> str:
        start = max(self.acknowledged, default=0) + 1
        job = jobs.start(self.node, "writer", self.write.replace("START", str(start)))
        self.node.until(
            lambda: jobs.logs(self.node, job).count("\n") > 50, "client that writes", 180
        )
        return job

    def stop(self, job: str) -> None:
        """The plan leaves a running Job to the person."""
        self.node.kubectl("exec", "-n", "mlops", f"job/{job}", "--", "touch", "/tmp/stop")
        self.acknowledged |= {int(line) for line in jobs.output(self.node, job, 60).splitlines()}

    def lost(self) -> set[int]:
        return self.acknowledged - {int(word) for word in self.run(self.read).split()}

    def run(self, program: str) -> str:
        """The output of a program with the compiled environment of `writer`."""
        return jobs.run(self.node, "writer", program)

    def mlflow(self, program: str) -> str:
        return self.node.kubectl(
            "exec", "-n", "mlops", "deployment/mlflow", "--", "python", "-c", program
        )
