"""Write the headers of kustomize's files: a Kustomization stands alone, others include a Component."""

from __future__ import annotations

KUSTOMIZATION = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}

# The annotation (escaped for a JSON pointer) by which kustomize leaves an object out of its output. A
# `$patch: delete` does the same, but makes kustomize load its schema of all of Kubernetes first: 0.1 s
# of processor time (kustomize 5.8.1).
LOCAL = "config.kubernetes.io~1local-config"

# A name without a suffix, which kustomize 5.8.1 and Argo CD 3.5.7 read like `kustomization.yaml`, and which
# `kubectl apply -f FOLDER` passes over: the folder can be applied either way.
UNSUFFIXED = "Kustomization"
