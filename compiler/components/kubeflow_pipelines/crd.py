"""The only custom resource of Kubeflow Pipelines: a pipeline on a schedule."""

from __future__ import annotations

from compiler import model


def scheduled_workflow() -> model.Resource:
    """The CRD. Upstream leaves its schema open as well: the controller checks the contents."""
    version = {
        "name": "v1beta1",
        "served": True,
        "storage": True,
        "schema": {
            "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        },
        "subresources": {"status": {}},
    }
    names = {
        "kind": "ScheduledWorkflow",
        "listKind": "ScheduledWorkflowList",
        "plural": "scheduledworkflows",
        "shortNames": ["swf"],
        "singular": "scheduledworkflow",
    }
    return model.Resource(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "scheduledworkflows.kubeflow.org"},
            "spec": {
                "group": "kubeflow.org",
                "names": names,
                "scope": "Namespaced",
                "versions": [version],
            },
        }
    )
