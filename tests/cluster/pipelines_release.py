"""The values that Kubeflow Pipelines 2.17.0 writes into a run, for the API server and the driver of 2.0.5.

2.0.5 reads neither COMPILED_PIPELINE_SPEC_PATCH nor DEFAULT_SECURITY_CONTEXT_*. Here the compiled values of
these variables reach the runs by Argo's defaults for Workflows and by a policy of admission.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from cluster.node import Node

CONFIG = "workflow-controller-configmap"
# For pods with a launcher: its security context (argocompiler/security_context.go), and the step's user
# (driver/k8s.go).
POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: steps-of-pipelines}
spec:
  failurePolicy: Fail
  reinvocationPolicy: Never
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  variables:
  - name: launcher
    expression: object.spec.?initContainers.orValue([]).map(c, c.name).indexOf("kfp-launcher")
  - name: step
    expression: object.spec.containers.map(c, c.name).indexOf("main")
  matchConditions:
  - name: launcher
    expression: object.spec.?initContainers.orValue([]).exists(c, c.name == "kfp-launcher")
  mutations:
  - patchType: JSONPatch
    jsonPatch:
      expression: |
        [
          JSONPatch{
            op: "add", path: "/spec/initContainers/" + string(variables.launcher) + "/securityContext",
            value: Object.spec.initContainers.securityContext{
              allowPrivilegeEscalation: false,
              runAsNonRoot: true,
              capabilities: Object.spec.initContainers.securityContext.capabilities{drop: ["ALL"]},
              seccompProfile: Object.spec.initContainers.securityContext.seccompProfile{type: "RuntimeDefault"}
            }
          },
          JSONPatch{
            op: "add", path: "/spec/containers/" + string(variables.step) + "/securityContext/runAsUser",
            value: USER
          },
          JSONPatch{
            op: "add", path: "/spec/containers/" + string(variables.step) + "/securityContext/runAsGroup",
            value: GROUP
          }
        ]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: steps-of-pipelines}
spec: {policyName: steps-of-pipelines}
"""


def apply_settings(node: Node, namespace: str) -> None:
    """Hand the compiled variables of the API server to Argo's controller and to the control plane."""
    words = ("deployment", "kubeflow-pipelines-api", "-n", namespace)
    (server,) = node.get(*words)["spec"]["template"]["spec"]["containers"]
    env = {variable["name"]: variable.get("value") for variable in server["env"]}
    # The kubelet reads `$$(` as `$(`.
    _patch_workflows(node, json.loads(env["COMPILED_PIPELINE_SPEC_PATCH"].replace("$$(", "$(")))
    policy = POLICY
    for word in ("USER", "GROUP"):
        policy = policy.replace(word, env[f"DEFAULT_SECURITY_CONTEXT_RUN_AS_{word}"])
    node.apply(yaml.safe_load_all(policy))


def _patch_workflows(node: Node, patch: dict[str, Any]) -> None:
    config = node.get("configmap", CONFIG, "-n", "argo")
    defaults = yaml.safe_load(config["data"]["workflowDefaults"])
    defaults["spec"]["podMetadata"]["labels"] |= patch["podMetadata"]["labels"]
    defaults["spec"]["podSpecPatch"] = patch["podSpecPatch"]
    data = {"data": {"workflowDefaults": yaml.safe_dump(defaults)}}
    node.kubectl("patch", "configmap", CONFIG, "-n", "argo", "-p", json.dumps(data))
