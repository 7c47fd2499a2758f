"""Write the commands that start a Job from a suspended CronJob and show how it ends."""

from __future__ import annotations

import json
from collections.abc import Mapping

from compiler.delivery.steps import Step
from compiler.model.manifest import Manifest
from compiler.model.resource import Resource, containers_of


def run(resource: Resource, title: str, variables: Mapping[str, str]) -> Step:
    """Commands that start a Job with more variables, wait for its end and show its output."""
    name, space = f"{resource.name}-now", resource.manifest["metadata"]["namespace"]
    set_variables = _patch(resource.manifest, variables)
    make = f"kubectl create job {name} -n {space} --from=cronjob/{resource.name}"
    changed = f"{make} --dry-run=client -o yaml | {set_variables} | kubectl create -f -"
    return Step(
        title,
        (
            # Without one of them the pod would wait for it until its deadline.
            f"kubectl get secret {' '.join(_secrets(resource.manifest))} -n {space} -o name",
            f"kubectl delete job {name} -n {space} --ignore-not-found",
            changed if set_variables else make,
            # `kubectl wait` waits for one condition alone, and the Job may also refuse.
            f"until kubectl get job {name} -n {space} -o jsonpath='{{.status.conditions[*].type}}' | "
            "grep -Eq 'Complete|Failed'; do sleep 5; done",
            f"kubectl logs job/{name} -n {space} --all-containers",
            f"kubectl wait job/{name} -n {space} --for=condition=complete --timeout=1m",
        ),
    )


def _pod(manifest: Manifest) -> Manifest:
    spec: Manifest = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return spec


def _secrets(manifest: Manifest) -> list[str]:
    """The Secrets that the variables of a CronJob's containers refer to."""
    pod = _pod(manifest)
    return sorted(
        {
            variable["valueFrom"]["secretKeyRef"]["name"]
            for container in containers_of(pod)
            for variable in container.get("env", ())
            if "secretKeyRef" in variable.get("valueFrom", {})
        }
    )


def _patch(manifest: Manifest, variables: Mapping[str, str]) -> str:
    """The patch that sets variables in all containers of a Job before it is made."""
    pod = _pod(manifest)
    paths = [
        f"/spec/template/spec/{kind}/{index}/env/-"
        for kind in ("initContainers", "containers")
        for index in range(len(pod.get(kind, ())))
    ]
    operations = [
        {"op": "add", "path": path, "value": {"name": name, "value": text}}
        for path in paths
        for name, text in variables.items()
    ]
    if not operations:
        return ""
    return f"kubectl patch --local -f - --type=json -o yaml -p '{json.dumps(operations)}'"
