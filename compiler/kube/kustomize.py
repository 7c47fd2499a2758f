"""What kustomize calls its own files: one that stands for itself, and one that others take in."""

from __future__ import annotations

KUSTOMIZATION = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}

# The annotation, as a JSON pointer has it, of what kustomize leaves out of what it prints. A patch that
# says `$patch: delete` does the same, and has kustomize load its schema of all of Kubernetes first:
# 0.1 s of processor time (5.8.1).
LOCAL = "config.kubernetes.io~1local-config"
