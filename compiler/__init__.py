"""platformc: compiles one `platform.yaml` into Kustomize bases and overlays of an ML platform."""

__version__ = "0.1.0"

# The release of Kubernetes whose schemas every object is checked against.
KUBERNETES_SCHEMAS = "kubernetes-v1.34.2"
