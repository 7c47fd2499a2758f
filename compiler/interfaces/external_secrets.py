"""External Secrets: the kinds from which its operator makes or fetches Secrets, and its release."""

from __future__ import annotations

from compiler.model import CustomResource, Effect, Judgement, Manifest, Prerequisite, Risk
from compiler.spec.settings import Store

_VERSION = "2.9.0"
_CHARTS = "https://charts.external-secrets.io"

_CREDENTIAL = "the credential that is made or fetched"


def _owned_secret(manifest: Manifest) -> str:
    """The Secret that an ExternalSecret owns (`creationPolicy`, by default `Owner`)."""
    target = manifest["spec"].get("target") or {}
    if target.get("creationPolicy", "Owner") != "Owner":
        return ""
    return str(target.get("name") or manifest["metadata"]["name"])


_TAKEN_OVER = Effect("spec(/.*)?", Risk.RELOAD, "its controller takes it over")
EXTERNAL_SECRET = CustomResource(
    api="external-secrets.io/v1",
    kind="ExternalSecret",
    guards=_CREDENTIAL,
    ready="condition=Ready",
    owned_secret=_owned_secret,
    removal=Judgement(Risk.NO_OP, "the values stay where they come from"),
    effects=(
        Effect("spec/target/name", Risk.DOWNTIME, "pods know the Secret by its old name"),
        _TAKEN_OVER,
    ),
)
SECRET_STORE = CustomResource(
    api="external-secrets.io/v1",
    kind="SecretStore",
    guards=_CREDENTIAL,
    removal=Judgement(Risk.NO_OP, "the values stay where they come from"),
    effects=(_TAKEN_OVER,),
)
PASSWORD = CustomResource(
    api="generators.external-secrets.io/v1alpha1",
    kind="Password",
    guards=_CREDENTIAL,
    removal=Judgement(Risk.NO_OP, "it makes no more values"),
    effects=(_TAKEN_OVER,),
)


def prerequisite(store: Store | None) -> Prerequisite:
    """The operator by its chart, and the store from which it fetches values, which the user makes."""
    return Prerequisite(
        name="external-secrets",
        system="External Secrets",
        version=_VERSION,
        namespaces=("external-secrets",),
        later=(f"your {store.kind} `{store.name}`",) if store is not None else (),
        how=(
            f"helm repo add external-secrets {_CHARTS}",
            f"helm install external-secrets external-secrets/external-secrets --version {_VERSION} "
            "-n external-secrets --create-namespace --wait",
        ),
    )
