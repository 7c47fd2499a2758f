"""checkov 3.3: policies on Kubernetes objects, network policies and RBAC among them.

It leaves out, without a word and with status 0, whole files that look like a chart's templates. So
it is given them with the braces pulled apart, and the objects that it looked at are part of the verdict.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from support.programs import tool

from judges.finding import Finding, Verdict

KINDS = frozenset({"Deployment", "StatefulSet", "Job", "CronJob", "Service", "ServiceAccount"})


BATCH = 16  # files


def judge(paths: Sequence[Path]) -> Mapping[Path, Verdict]:
    """Runs for some files each: its start takes seconds, and the time of a run grows with the square of
    its objects.

    The files of a run see each other in the one check that joins objects (a pod under no policy), and
    that is the subject of tests/test_network.py.
    """
    batches = [paths[index : index + BATCH] for index in range(0, len(paths), BATCH)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = pool.map(_judged, batches, range(len(batches)))
    return {path: verdict for batch in verdicts for path, verdict in batch.items()}


def _judged(paths: Sequence[Path], number: int) -> Mapping[Path, Verdict]:
    folder = paths[0].parent / f"checkov-{number}"
    folder.mkdir()
    for path in paths:
        (folder / path.name).write_text(path.read_text().replace("{{", "{ {"))
    command = [
        tool("checkov"), "--framework", "kubernetes", "--directory", str(folder), "--output", "json",
        "--compact", "--skip-download",
    ]  # fmt: skip
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    report: dict[str, Any] = json.loads(process.stdout)
    assert report["summary"]["parsing_errors"] == 0
    return {path: _verdict(report["results"], path.name) for path in paths}


def _verdict(results: dict[str, Any], name: str) -> Verdict:
    failed, passed = (
        [result for result in results[f"{kind}_checks"] if Path(result["file_path"]).name == name]
        for kind in ("failed", "passed")
    )
    findings = tuple(Finding(check["check_id"], *_place(check["resource"])) for check in failed)
    return Verdict(findings, frozenset(_place(check["resource"]) for check in passed), len(passed))


def _place(resource: str) -> tuple[str, str, str]:
    """checkov writes `Kind.namespace.name`, and only a name may hold dots."""
    kind, namespace, name = resource.split(".", 2)
    return kind, namespace, name
