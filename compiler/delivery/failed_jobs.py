"""Delete the Jobs of an earlier delivery that have failed, so that they run again.

A Job that has failed never runs again, and to apply it once more changes nothing (Kubernetes documentation, Jobs,
"Pod backoff failure policy"): the plan would wait in vain, after the cause of the failure is gone, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.delivery.steps import Step
from compiler.model.manifest import Manifest


def run_again(manifests: Iterable[Manifest]) -> Iterator[Step]:
    """One command for the Jobs of each namespace."""
    names: dict[str, list[str]] = {}
    for manifest in manifests:
        if manifest["kind"] == "Job" and manifest["apiVersion"].startswith("batch/"):
            names.setdefault(manifest["metadata"]["namespace"], []).append(
                manifest["metadata"]["name"]
            )
    if names:
        commands = tuple(_deletion(space, jobs) for space, jobs in sorted(names.items()))
        yield Step(
            "Jobs that an earlier delivery has started and that have failed run again", commands
        )


def _deletion(space: str, jobs: Iterable[str]) -> str:
    conditions = "-o jsonpath='{.status.conditions[*].type}'"
    return (
        f"for job in {' '.join(sorted(jobs))}; do "
        f'! kubectl get job "$job" -n {space} --ignore-not-found {conditions} | grep -qw Failed || '
        f'kubectl delete job "$job" -n {space}; done'
    )
