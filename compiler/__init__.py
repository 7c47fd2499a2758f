"""platformc: compiles one `platform.yaml` into Kustomize bases and overlays of an ML platform."""

__version__ = "0.1.0"
