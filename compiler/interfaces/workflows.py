"""Workflows: runs whose pods Argo creates, in namespaces that are prepared for them.

No pod of the platform calls the controller. It offers a ServiceAccount and an artefact repository
in each namespace of a consumer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from compiler import kube, model
from compiler.interfaces import s3
from compiler.kube import yaml

# The key of an artefact or log in the bucket. Kubeflow's UI parses exactly these fields, and it decides by
# the namespace's position in the key which users may see the artefact.
KEY_FORMAT = (
    "private-artifacts/{{workflow.namespace}}/{{workflow.name}}/{{workflow.creationTimestamp.Y}}/"
    "{{workflow.creationTimestamp.m}}/{{workflow.creationTimestamp.d}}/{{pod.name}}"
)

# Placeholders that Argo looks for in each text of a step, and with which it refuses every run: a workload's only step has
# no inputs, items or earlier steps (4.1.2, workflow/validate/validate.go, resolveAllVariables). Argo fills in its own,
# such as `{{workflow.name}}`, and leaves all others unchanged.
REFUSED = re.compile(
    r"\{\{\s*(?:(?:inputs|item)\.|(?:steps|tasks)\.(?!name\s*\}\}))[^}]{0,200}\}\}"
)
SLOT = "workflows"


def pods(manifest: model.Manifest) -> Iterator[model.Manifest]:
    """The known parts of the pods that Argo makes of the steps of a template."""
    spec = manifest["spec"]
    common = {key: spec[key] for key in ("imagePullSecrets", "securityContext") if key in spec}
    for step in spec.get("templates", ()):
        if "container" in step:
            main = {"name": "main", **step["container"]}
            yield {**common, "initContainers": step.get("initContainers", []), "containers": [main]}


TEMPLATE = model.CustomResource(
    api="argoproj.io/v1alpha1",
    kind="WorkflowTemplate",
    pods=model.OperatorWorkload(
        ("spec", "podMetadata", "labels"), account=("spec", "serviceAccountName"), specs=pods
    ),
    start="argo submit -n {namespace} --from workflowtemplate/{name}",
)
CRON_WORKFLOW = model.CustomResource(
    api="argoproj.io/v1alpha1", kind="CronWorkflow", on_schedule=True
)


class Claim(model.Claim, frozen=True, kw_only=True):
    """Runs in the consumer's namespace."""

    # Whether to configure Argo's artefact repository; if not, the consumer has another.
    repository: bool = True


class Offer(model.Offer, frozen=True, kw_only=True):
    """A controller; `entails` is the artefact store that the pods of its runs write to."""

    injected: tuple[model.Injected, ...] = ()  # containers that it adds to the pods of runs


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The controller, for the owners of its runs."""

    interface: ClassVar[str] = "workflows"
    one_per_pod: ClassVar[bool] = True

    @classmethod
    def client_claim(cls, consumer: model.Instance[Any]) -> Claim:
        return Claim()

    @property
    def account(self) -> str:
        """The ServiceAccount of runs."""
        return account(self.binding.provider)


def label(provider: model.Instance[Any]) -> str:
    """The label of runs' pods, which marks users of the controller's only offer."""
    return f"{model.USES}{provider.name}-{SLOT}"


def account(provider: model.Instance[Any]) -> str:
    """The ServiceAccount of runs: it has the same name in every namespace."""
    return f"{provider.name}-workflow"


def repository(store: s3.Endpoint) -> model.Manifest:
    """A store as Argo's artefact repository; certificates are in a Secret (4.1, workflow_types.go)."""
    authority = kube.authorities.secret_key(store)
    return {
        "archiveLogs": True,
        "s3": {
            "endpoint": store.address,
            "bucket": store.bucket,
            "region": store.region,
            "insecure": not store.secure,
            "keyFormat": KEY_FORMAT,
            "accessKeySecret": store.secret_key(s3.ACCESS_KEY).selector,
            "secretKeySecret": store.secret_key(s3.SECRET_KEY).selector,
            **({"caSecret": authority} if authority else {}),
        },
    }


def artifact_repositories(
    owner: model.Instance[Any], namespace: str, store: s3.Endpoint
) -> model.Resource:
    """The ConfigMap in which Argo looks for the artefact repository of a namespace."""
    default = "workflows.argoproj.io/default-artifact-repository"
    return model.Resource(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": "artifact-repositories",
                "namespace": namespace,
                "annotations": {default: owner.name},
            },
            "data": {owner.name: yaml.dump(repository(store))},
        }
    )
