"""checkov 3.3: policies on Kubernetes objects, network policies and RBAC among them.

It leaves out, without a word and with status 0, whole files that look like a chart's templates. So
it is given them with the braces pulled apart, and what it looked at is part of the verdict.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from conftest import tool

from judges.finding import Finding, Verdict

KINDS = frozenset({"Deployment", "StatefulSet", "Job", "CronJob", "Service", "ServiceAccount"})


def judge(path: Path) -> Verdict:
    shown = path.with_suffix(".checkov.yaml")
    shown.write_text(path.read_text().replace("{{", "{ {"))
    command = [
        tool("checkov"), "--framework", "kubernetes", "--file", str(shown), "--output", "json",
        "--compact", "--skip-download",
    ]  # fmt: skip
    environment = {**os.environ, "CHECKOV_RUN_SCA_PACKAGE_SCAN_V2": "false"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    results = report["results"]
    findings = tuple(
        Finding(one["check_id"], *_place(one["resource"])) for one in results["failed_checks"]
    )
    looked_at = frozenset(_place(one["resource"]) for one in results["passed_checks"])
    return Verdict(findings, looked_at, report["summary"]["passed"])


def _place(resource: str) -> tuple[str, str, str]:
    """checkov writes `Kind.namespace.name`, and only a name may hold dots."""
    kind, namespace, name = resource.split(".", 2)
    return kind, namespace, name
