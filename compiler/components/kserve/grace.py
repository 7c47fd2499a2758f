"""The time that a pod has for the requests that it works on, once it is told to end.

In standard mode KServe 0.20 keeps Kubernetes' default of 30 seconds, unless the component has the field
(deployment_reconciler.go, setDefaultPodSpec). In serverless mode it is the timeout, by Knative, whose webhook
refuses the field (1.21, revision/resources/deploy.go and fieldmask.go).
"""

from __future__ import annotations

from compiler import model
from compiler.interfaces import serving
from compiler.spec.duration import seconds
from compiler.spec.served_model import ModelSpec

_DEFAULT = 30


def fields(spec: ModelSpec, surroundings: serving.Surroundings) -> model.Manifest:
    """The field of a component's pods, if a request may take longer than the default."""
    if spec.timeout is None or surroundings.knative is not None:
        return {}
    longest = seconds(spec.timeout)
    return {"terminationGracePeriodSeconds": longest} if longest > _DEFAULT else {}
