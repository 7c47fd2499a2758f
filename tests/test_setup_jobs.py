"""The Jobs that set servers up: while a server is away, their log says what they wait for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from compiler import pipeline

SPEC = """
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: a}}
spec:
  components: {{{component}: {{}}}}
  workloads: {{job: {{image: "example.com/job:1.0", uses: [{component}]}}}}
"""


@pytest.mark.parametrize(
    ("component", "script", "program", "printed"),
    [
        ("minio", "buckets.sh", "mc", "waiting for the server: no answer"),
        ("postgres", "ensure.sh", "pg_isready", "no answer"),
        ("mysql", "ensure.sh", "mysql", "no answer"),
    ],
)
def test_the_log_says_what_a_job_waits_for(
    component: str, script: str, program: str, printed: str, tmp_path: Path
) -> None:
    assert printed in waiting(component, script, program, "no answer", tmp_path)


def test_the_log_has_no_password(tmp_path: Path) -> None:
    printed = waiting("minio", "buckets.sh", "mc", "bad address http://root:hidden@minio", tmp_path)
    assert "waiting for the server: mc cannot read the address" in printed
    assert "hidden" not in printed


def waiting(component: str, script: str, program: str, answer: str, folder: Path) -> str:
    """The log until the second attempt."""
    result = pipeline.compile(SPEC.format(component=component).encode(), "platform.yaml")
    (text,) = (
        config.files[script]
        for config in result.lowered["default"].packages[component].configs
        if script in config.files
    )
    programs = {
        program: f"[ \"$1\" = -q ] || echo '{answer}' | tee /dev/stderr; exit 1",
        "sleep": "kill $PPID",
    }
    for name, lines in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{lines}\n")
        (folder / name).chmod(0o755)
    process = subprocess.run(
        ["bash", "-c", text.replace("/tmp/", f"{folder}/")],
        env={"PATH": f"{folder}:/usr/bin:/bin", "ROOT_PASSWORD": "hidden", "PGUSER": "postgres"},
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    return process.stdout
