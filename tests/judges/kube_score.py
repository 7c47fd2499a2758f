"""kube-score 1.20: how robust the workloads are; every grade below its best is a finding."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from support.programs import tool

from judges.finding import Finding, Verdict

KINDS = frozenset({"Deployment", "StatefulSet", "Job", "CronJob", "Service", "NetworkPolicy"})
BEST = 10


def judge(paths: Sequence[Path]) -> Mapping[Path, Verdict]:
    """A run for each file: objects of different platforms have the same names."""
    return {path: _verdict(path) for path in paths}


def _verdict(path: Path) -> Verdict:
    command = [tool("kube-score"), "score", "--output-format", "json", str(path)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode in (0, 1), process.stderr  # 1: there are findings
    findings, looked_at, passed = list[Finding](), set[tuple[str, str, str]](), 0
    for load in json.loads(process.stdout):
        metadata = load["object_meta"]
        object_key = (load["type_meta"]["kind"], metadata.get("namespace", ""), metadata["name"])
        looked_at.add(object_key)
        for check in load["checks"]:
            if check["skipped"]:
                continue
            if check["grade"] < BEST:
                findings.append(Finding(check["check"]["id"], *object_key))
            else:
                passed += 1
    return Verdict(tuple(findings), frozenset(looked_at), passed)


def comments(path: Path) -> Mapping[str, int]:
    """How many comments it makes of each severity: several may belong to one check."""
    command = [tool("kube-score"), "score", "--output-format", "ci", str(path)]
    message = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return {word: message.count(f"[{word.upper()}]") for word in ("critical", "warning")}
