"""Judge another source of credentials: another provider, another store, another path in the store, another name.

The new source makes other values, or has values that a person must put there. Servers know only the values
of before. Most values can be changed in a server; what is encrypted with a value is lost without it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from compiler.derive.external_secrets import store_path
from compiler.diagnostics.words import listing
from compiler.diff import Action, Change
from compiler.diff.retained import renamed
from compiler.model.credential import Credential
from compiler.model.effects import FieldChange, Judgement, Risk
from compiler.model.package import Lowered
from compiler.spec.settings import Secrets

_MAKES = "the new provider makes other values, which the servers do not know"
_FETCHES = "the values come from another place, and the servers know those of before alone"
_CHOOSES = "you make the values from now on, and the servers know those of before alone"


def changes(environment: str, before: Lowered, after: Lowered) -> Iterator[Change]:
    """The credentials of both specs that have another source, and values that a renamed instance loses."""
    yield from _of_environment(environment, before, after)
    yield from _of_renamed(environment, before, after)


def _of_environment(environment: str, before: Lowered, after: Lowered) -> Iterator[Change]:
    """One line if credentials of both specs have another source."""
    new = {credential.name for credential in after.credentials}
    moved = [
        credential
        for credential in before.credentials
        if credential.name in new and _source(before, credential) != _source(after, credential)
    ]
    if not moved:
        return
    yield Change(
        environment, "namespaces", Action.MOVED, "Credentials", "", "of the environment",
        _fields(before, after), (_judgement(before, after, moved),),
    )  # fmt: skip


def _of_renamed(environment: str, before: Lowered, after: Lowered) -> Iterator[Change]:
    """Values that may never change, and are made anew because their Secret has an instance's name."""
    lasting = [credential for credential in before.credentials if credential.immutable_reason]
    remaining = {credential.name for credential in after.credentials}
    for old_instance, instance in renamed(before.graph, after.graph).items():
        for old in lasting:
            if old_instance not in old.readers or old.name in remaining:
                continue
            for new in after.credentials:
                if instance in new.readers and new.immutable_reason == old.immutable_reason:
                    yield _renamed_change(environment, instance, old, new)


def _renamed_change(environment: str, instance: str, old: Credential, new: Credential) -> Change:
    judgement = Judgement(
        Risk.DATA_LOSS,
        f"`{new.name}` gets another value than `{old.name}`, which may never change: {old.immutable_reason}",
        f"keep the name of the instance, or first give `{new.name}` the present values of `{old.name}`",
    )
    names = FieldChange("name", old.name, new.name)
    return Change(
        environment,
        instance,
        Action.MOVED,
        "Credentials",
        "",
        f"of {instance}",
        (names,),
        (judgement,),
    )


def _source(lowered: Lowered, credential: Credential) -> tuple[str, ...]:
    """The source of a credential's values; the Secret's kind and labels do not belong to it."""
    secrets = lowered.platform.settings.secrets
    if secrets.store is None:
        return (secrets.provider,)
    store = secrets.store
    return secrets.provider, store.kind, store.name, store_path(lowered, store, credential.name)


def _fields(before: Lowered, after: Lowered) -> tuple[FieldChange, ...]:
    """The provider, or else the parts of the store, that differ."""
    old, new = before.platform.settings.secrets, after.platform.settings.secrets
    if old.provider != new.provider:
        return (FieldChange("secrets/provider", old.provider, new.provider),)
    return (FieldChange("secrets/store", _words(before), _words(after)),)


def _words(lowered: Lowered) -> str | None:
    """The store, and the paths at which it has the credentials."""
    store = lowered.platform.settings.secrets.store
    if store is None:
        return None
    return f"{store.kind} {store.name}, {store_path(lowered, store, 'NAME')}"


def _judgement(before: Lowered, after: Lowered, moved: Sequence[Credential]) -> Judgement:
    lasting = [credential for credential in moved if credential.immutable_reason]
    reasons = [_reason(after.platform.settings.secrets), *_losses(lasting)]
    remedies = [_remedy(after, lasting)]
    if _deletes_secrets(before.platform.settings.secrets, after.platform.settings.secrets):
        reasons.append("the Secrets of before are deleted with the ExternalSecrets that own them")
        remedies.append("deliver it by `apply-plan --since`, which keeps these Secrets")
    risk = Risk.DATA_LOSS if lasting else Risk.DOWNTIME
    return Judgement(risk, "; ".join(reasons), "; ".join(remedies))


def _deletes_secrets(before: Secrets, after: Secrets) -> bool:
    """Whether the Secrets that pods read are deleted with the ExternalSecrets that own them."""
    return before.provider == "external-secrets" != after.provider


def _losses(lasting: Iterable[Credential]) -> Iterator[str]:
    """The values without which data is lost, by the reason."""
    names: dict[str, list[str]] = defaultdict(list)
    for credential in lasting:
        names[credential.immutable_reason].append(credential.name)
    for reason, alike in sorted(names.items()):
        yield f"{listing(alike)} may never change: {reason}"


def _reason(secrets: Secrets) -> str:
    if secrets.store is not None:
        return _FETCHES
    return _CHOOSES if secrets.provider == "existing" else _MAKES


def _remedy(after: Lowered, lasting: Sequence[Credential]) -> str:
    """The place for the values in use, which must have them before the delivery."""
    secrets, names = after.platform.settings.secrets, listing(c.name for c in lasting)
    if secrets.store is not None:
        paths = [
            store_path(after, secrets.store, name) for name in [c.name for c in lasting] or ["NAME"]
        ]
        return f"first write the present values into `{secrets.store.name}`, at {listing(paths)}"
    if not lasting:
        return "give the new provider the values that are in use"
    if secrets.provider == "existing":
        return f"make {names} with the present values"
    if secrets.provider == "external-secrets":
        return (
            "keep the provider, or write `store: {name: ...}` with a store that has the present values of "
            f"{names}: the operator's generators take none over"
        )
    folder = f"secrets/{after.platform.environment}"
    encrypted = "" if secrets.provider == "local" else ", encrypted"
    return (
        f"first write {names} with the present values into {folder}{encrypted}: `secrets generate` keeps "
        "files that exist"
    )
