"""Collect the Secrets that must exist, with their keys and namespaces: one for each credential.

A Secret is needed in every namespace where a pod names it, so the namespaces are read from the
objects. The declarations of a component about its own Secrets are added: some readers of a Secret
are not objects of the platform.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from compiler.derive import pull_secrets
from compiler.derive.authorities import users
from compiler.diagnostics import Report
from compiler.diagnostics.words import listing
from compiler.kube import authorities, client_certificates
from compiler.model.credential import OPAQUE, Credential
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource, SecretRef


class _Uses(Struct):
    """The namespaces and packages in which one Secret is named."""

    namespaces: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)


def derive(lowered: Lowered, report: Report) -> Lowered:
    declared = list(_declared(lowered))
    defined = _of_bindings(lowered)
    for _, credential in declared:
        _define(defined, credential)
    uses, to_annotate = _uses(lowered, declared), _to_annotate(lowered)
    external_notes = dict(_external_notes(lowered))
    credentials = [
        _completed(
            defined[name], uses[name], to_annotate.get(name, {}), external_notes.get(name, "")
        )
        for name in sorted(defined)
        if uses[name].namespaces
    ]
    return replace(
        lowered,
        credentials=tuple(credential for credential in credentials if not credential.created_by),
        granted=tuple(credential for credential in credentials if credential.created_by),
    )


def _declared(lowered: Lowered) -> Iterator[tuple[Package, Credential]]:
    """The credentials that packages declare, and the user's own Secrets that they need."""
    certificates, pulls = _certificates(lowered), pull_secrets.by_package(lowered)
    for package in (*lowered.packages.values(), *lowered.models.values()):
        for credential in (
            *package.credentials, *certificates[package.name], *pulls[package.name],
        ):  # fmt: skip
            yield package, credential


def _uses(lowered: Lowered, declared: Iterable[tuple[Package, Credential]]) -> Mapping[str, _Uses]:
    """The uses of each Secret, by its name: the declared ones, and those in objects."""
    uses: dict[str, _Uses] = defaultdict(_Uses)
    for package, credential in declared:
        uses[credential.name].namespaces.update(credential.namespaces)
        uses[credential.name].packages.add(package.name)
    for package in (*lowered.packages.values(), *_models_that_use(lowered)):
        for resource in package.resources:
            for name in (*secrets_of(resource), *_of_account(resource.manifest)):
                uses[name].namespaces.add(resource.namespace)
                uses[name].packages.add(package.name)
    return uses


def _completed(
    credential: Credential, uses: _Uses, to_annotate: dict[str, dict[str, str]], external_note: str
) -> Credential:
    """A credential with its namespaces and readers, and the notes for the person who makes it."""
    notes = (credential.note, _annotations_note(credential, to_annotate), external_note)
    return replace(
        credential,
        namespaces=_home_first(credential, uses.namespaces),
        readers=tuple(sorted(uses.packages)),
        note=_joined(*notes),
        to_annotate=to_annotate,
    )


def _of_bindings(lowered: Lowered) -> dict[str, Credential]:
    """The credentials of all bindings, by the names of their Secrets."""
    defined: dict[str, Credential] = {}
    for binding in lowered.graph.bindings:
        if binding.via is None:
            credential = binding.provides.endpoint.credential(binding)
            if credential is not None:
                _define(defined, credential)
    for binding in lowered.graph.mirrored:
        credential = binding.provides.endpoint.credential(binding)
        # A Secret never changes its type, so during a move it has the type, and the labels, that either back end requires.
        special = credential is not None and (credential.type != OPAQUE or credential.labels)
        if credential is not None and (credential.name not in defined or special):
            defined[credential.name] = credential
    return defined


def _define(defined: dict[str, Credential], credential: Credential) -> None:
    """Add a declaration of a Secret to the earlier declarations of it."""
    earlier = defined.get(credential.name)
    defined[credential.name] = _merged(earlier, credential) if earlier else credential


def _merged(earlier: Credential, later: Credential) -> Credential:
    """Join two declarations of one Secret; the platform's own declaration outweighs a tenant's."""
    if later.created_by and not earlier.created_by:
        return earlier
    if earlier.created_by and not later.created_by:
        return later
    keys = dict(sorted({**earlier.keys, **later.keys}.items()))
    # The type comes from the more special use: a certificate with its key.
    typed = earlier if later.type == OPAQUE else later
    return replace(
        later,
        keys=keys,
        type=typed.type,
        note=_joined(earlier.note, later.note),
        value_rule=earlier.value_rule or later.value_rule,
        annotations={**earlier.annotations, **later.annotations},
        annotations_reason=_joined(earlier.annotations_reason, later.annotations_reason),
    )


def _joined(*notes: str) -> str:
    """The notes that are not empty, each once."""
    return "; ".join(dict.fromkeys(filter(None, notes)))


def _to_annotate(lowered: Lowered) -> dict[str, dict[str, dict[str, str]]]:
    """The annotations of the Secrets that a person makes, by name and namespace.

    A reader in each namespace has values of its own, such as the name of a ConfigMap.
    """
    by_hand = lowered.platform.settings.secrets.provider == "existing"
    annotations: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for package in (*lowered.packages.values(), *lowered.models.values()):
        for credential in package.credentials:
            if by_hand or credential.created_by:
                for space in credential.namespaces if credential.annotations else ():
                    annotations[credential.name][space].update(credential.annotations)
    return {name: dict(by_space) for name, by_space in annotations.items()}


def _annotations_note(credential: Credential, spaces: Mapping[str, Mapping[str, str]]) -> str:
    """The annotations that a person adds, by namespace where there are several."""
    words = [
        (f" in `{space}`" if len(spaces) > 1 else "")
        + "".join(f" {name}={value}" for name, value in sorted(annotations.items()))
        for space, annotations in sorted(spaces.items())
    ]
    return f"{credential.annotations_reason}:{';'.join(words)}" if words else ""


def _certificates(lowered: Lowered) -> dict[str, list[Credential]]:
    """The user's Secrets with certificates for services outside, by consumer."""
    secrets: dict[str, list[Credential]] = defaultdict(list)
    for binding in lowered.graph.bindings:
        if binding.client_certificate is None and binding.offer.ca is None:
            continue
        package = lowered.packages.get(binding.consumer.name)
        # A pooler shows its own certificate, so its clients need one only for direct connections.
        if binding.via is None or (package is not None and users(package, binding.label)):
            secrets[binding.consumer.name] += client_certificates.existing([binding])
        source = binding.offer.ca.source if binding.offer.ca else None
        if isinstance(source, SecretRef):
            consumer = binding.consumer
            secrets[consumer.name].append(
                authorities.existing(source, consumer.namespace, consumer.name)
            )
    return secrets


def _external_notes(lowered: Lowered) -> Iterator[tuple[str, str]]:
    """Requirements on logins at services outside the platform, whether behind a pooler or not."""
    for binding in lowered.graph.bindings:
        if binding.offer.external and binding.existing_login is None:
            note = f"the administrator of `{binding.host}` makes this login"
            resources = listing(binding.claim.resources)
            yield binding.secret, f"{note}, with access to {resources}" if resources else note


def _models_that_use(lowered: Lowered) -> Iterator[Package]:
    """The models whose objects name Secrets; all others get their key from their ServiceAccount."""
    return (package for package, names_some in lowered.models.each(_names_secrets) if names_some)


def _names_secrets(package: Package) -> bool:
    spec = package.instance.spec if package.instance is not None else None
    named = spec is not None and bool(spec.uses or spec.env or spec.transformer)
    return named or any(resource.kind == "Ingress" for resource in package.resources)


def _home_first(credential: Credential, spaces: set[str]) -> tuple[str, ...]:
    return tuple(sorted(spaces, key=lambda space: (space not in credential.namespaces, space)))


def secrets_of(resource: Resource) -> Iterator[str]:
    """The Secrets that an object names."""
    return secret_names(resource.manifest, resource.custom.secret_keys if resource.custom else ())


def secret_names(value: Any, keys: tuple[str, ...] = ()) -> Iterator[str]:
    """The Secrets that a part of an object names, by Kubernetes' keys and by the `keys` of its own API."""
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            for key, inner in value.items():
                if isinstance(inner, str):
                    if key == "secretName":
                        yield inner
                elif isinstance(inner, dict) and (key == "secretKeyRef" or key in keys):
                    yield inner["name"]
                elif isinstance(inner, (dict, list)):
                    pending.append(inner)


def _of_account(manifest: Manifest) -> list[str]:
    """The Secrets that a ServiceAccount makes available to its pods."""
    if manifest["kind"] != "ServiceAccount":
        return []
    return [secret["name"] for secret in manifest.get("secrets", ())]
