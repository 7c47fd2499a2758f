"""External Secrets: the kinds from which its operator makes or fetches Secrets, and its release."""

from __future__ import annotations

from compiler.model import CustomResource, Effect, Prerequisite, Risk
from compiler.spec.settings import Store

_VERSION = "2.9.0"
_CHARTS = "https://charts.external-secrets.io"

_CREDENTIAL = "the credential that is made or fetched"
# Copies of a Secret are deleted with the object that owns them; a generated Secret is orphaned, and
# entries of a store stay (docs: creation and deletion policies).
_STAYS = "the value stays in the store or the Secret from which it is copied"
_TAKEN_OVER = Effect("spec(/.*)?", Risk.RELOAD, "its controller takes it over")
EXTERNAL_SECRET = CustomResource(
    api="external-secrets.io/v1",
    kind="ExternalSecret",
    guards=_CREDENTIAL,
    ready="condition=Ready",
    owned_secret=("spec", "target", "name"),
    unread_when_removed=_STAYS,
    effects=(
        Effect("spec/target/name", Risk.DOWNTIME, "pods know the Secret by its old name"),
        _TAKEN_OVER,
    ),
)
SECRET_STORE = CustomResource(
    api="external-secrets.io/v1",
    kind="SecretStore",
    guards=_CREDENTIAL,
    unread_when_removed=_STAYS,
    effects=(_TAKEN_OVER,),
)
PASSWORD = CustomResource(
    api="generators.external-secrets.io/v1alpha1",
    kind="Password",
    guards=_CREDENTIAL,
    unread_when_removed="the values that it has generated stay",
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
