"""Check when the certificates of authorities end; certificates in Secrets are not read."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from compiler.delivery.answers import Ask, asked
from compiler.delivery.certificates import endings
from compiler.delivery.doctor.answers import ConfigMap
from compiler.delivery.doctor.finding import Finding
from compiler.model.package import Lowered
from compiler.model.resource import SecretRef


def authorities(lowered: Lowered, ask: Ask, now: float) -> Iterator[Finding]:
    """Check the ends of the certificates of each `ca`; certificates in Secrets are not read."""
    sources = set()
    for binding in lowered.graph.bindings:
        authority, space = binding.offer.ca, binding.consumer.namespace
        if authority is None or isinstance(authority.source, SecretRef):
            continue
        source = (binding.provider.name, authority, space if authority.source else "")
        if source in sources:
            continue
        sources.add(source)
        if authority.source is None:
            yield from _ends(f"the `ca` of `{binding.provider.name}`", authority.text, now)
            continue
        key, config = authority.source.key, authority.source.name
        data = (asked(ask, ConfigMap, "get", "configmap", config, "-n", space) or ConfigMap()).data
        name = f"ConfigMap `{space}/{config}` with the `ca` of `{binding.provider.name}`"
        if key not in data:
            yield Finding(False, f"no {name} as `{key}`")
        else:
            yield from _ends(name, data[key], now)


def _ends(subject: str, text: str, now: float) -> Iterator[Finding]:
    try:
        for ending in endings(text, now):
            verb = "ended" if ending.ended else "ends"
            words = f"{subject}: `{ending.subject}` {verb} on {ending.day}"
            yield Finding(not ending.ended, words, warns=ending.soon)
    except (ssl.SSLError, ValueError):
        yield Finding(False, f"{subject}: no certificates in PEM form")
