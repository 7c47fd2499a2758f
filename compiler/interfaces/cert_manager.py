"""cert-manager, which other upstream systems need, and which signs certificates: its name and its release."""

from __future__ import annotations

from compiler.model import Prerequisite

NAME = "cert-manager"
_VERSION = "1.21.2"
_RELEASE = (
    f"https://github.com/cert-manager/cert-manager/releases/download/v{_VERSION}/cert-manager.yaml"
)
_DEPLOYMENTS = (NAME, f"{NAME}-cainjector", f"{NAME}-webhook")
PREREQUISITE = Prerequisite(
    name=NAME,
    system=NAME,
    version=_VERSION,
    namespaces=(NAME,),
    how=(
        f"kubectl apply -f {_RELEASE}",
        *(f"kubectl -n {NAME} rollout status deployment/{name}" for name in _DEPLOYMENTS),
    ),
)
