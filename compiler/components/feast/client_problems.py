"""The problems of a Feast that its bindings show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler import model
from compiler.components.feast.spec import Spec
from compiler.diagnostics.words import listing
from compiler.interfaces import feature_store


def of_sentinel(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Problem]:
    """The problem of certificates for connections to Sentinels, for which Feast's client has no setting."""
    online = wiring.get(feature_store.ONLINE)
    if online is None or online.mode != "sentinel":
        return
    provider = online.binding.provider
    if online.client_certificate:
        yield model.Problem(
            "no-client-certificate",
            f"`{me.name}` cannot show the Sentinels of `{provider.name}` a client certificate",
            (),
            "let the Sentinels demand none and leave it out, or reach the servers by `mode: single` or "
            "`mode: cluster`",
            related=("its certificate", (*provider.path, "clientCertificate")),
        )
    if online.authority:
        yield model.Problem(
            "unknown-authority",
            f"`{me.name}` cannot be configured to trust the authority of the Sentinels of "
            f"`{provider.name}`",
            (),
            "give the Sentinels a certificate that the image trusts, or reach the servers by "
            "`mode: single` or `mode: cluster`",
            related=("its authority", (*provider.path, "ca")),
        )


def of_definitions(
    me: model.Instance[Spec], wiring: model.Wiring, clients: Sequence[str]
) -> Iterator[model.Problem]:
    """The problem of schedules for features that no login of the platform may define.

    A registry that is older than the platform, or that others share, can have definitions. Remote clients
    define features through the server of the registry.
    """
    spec, registry = me.spec, wiring.get(feature_store.REGISTRY)
    defined = spec.repository is not None or spec.writers or spec.clients == "remote"
    elsewhere = spec.shared or spec.adopted.database or (registry and registry.offer.external)
    if spec.runs and not defined and not elsewhere:
        writers = listing(clients).replace("`", "") or "..."
        yield model.Problem(
            "undefined-features",
            f"`{me.name}` materializes features, and nothing may define any",
            ("materialize",) if spec.materialize else ("schedules",),
            f"write `writers: [{writers}]` with the workloads that run `feast apply`, or the definitions as "
            "`repository: {...}`",
        )


def of_writers(me: model.Instance[Spec], clients: Sequence[str]) -> Iterator[model.Problem]:
    """The problem of named writers of the registry that do not use it."""
    for index, name in enumerate(me.spec.writers):
        if name not in clients:
            yield model.Problem(
                "unknown-binding",
                f"`{name}` does not use `{me.name}`",
                ("writers", index),
                f"its clients are {listing(clients) or 'none'}",
                clients,
                missing=name,
            )
