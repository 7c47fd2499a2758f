"""The kinds of External Secrets' API: objects from which its operator makes or fetches Secrets."""

from __future__ import annotations

from compiler.model import CustomResource, Effect, Risk

_TAKEN_OVER = Effect("spec(/.*)?", Risk.RELOAD, "its controller takes it over")
EXTERNAL_SECRET = CustomResource(
    api="external-secrets.io/v1",
    kind="ExternalSecret",
    ready="condition=Ready",
    holds_data=True,
    effects=(
        Effect("spec/target/name", Risk.DOWNTIME, "pods know the Secret by its old name"),
        _TAKEN_OVER,
    ),
)
SECRET_STORE = CustomResource(
    api="external-secrets.io/v1", kind="SecretStore", effects=(_TAKEN_OVER,)
)
PASSWORD = CustomResource(
    api="generators.external-secrets.io/v1alpha1",
    kind="Password",
    holds_data=True,
    effects=(_TAKEN_OVER,),
)
