"""net-istio's reader of `config-istio`, as its source has it.

knative-extensions/net-istio v0.48.1 (knative-v1.21.1), pkg/reconciler/ingress/config/istio.go:
`NewIstioFromConfigMap`, `Gateway.Validate`. An unknown key of the ConfigMap or of a gateway is nothing to
it; here it is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

KEYS = ("external-gateways", "local-gateways")
OLD_KEYS = ("gateway.", "local-gateway.")
FIELDS = {"name", "namespace", "service", "labelSelector"}
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"


def refusals(data: Mapping[str, str]) -> list[str]:
    """The reasons for which net-istio does not read the data of its ConfigMap."""
    if any(key.startswith(OLD_KEYS) for key in data) and set(KEYS) & set(data):
        return ["can not be defined simultaneously"]
    return [reason for key, text in data.items() for reason in _of_key(key, text)]


def _of_key(key: str, text: str) -> Iterator[str]:
    if key not in KEYS:
        yield f"`{key}` is not read"
        return
    gateways = gateways_of(text)
    if sum("labelSelector" not in gateway for gateway in gateways) != 1:
        yield f"exactly one gateway of {key} with no selector can be defined"
    for gateway in gateways:
        yield from (f"`{field}` is not read" for field in sorted(gateway.keys() - FIELDS))
        for field in ("namespace", "name", "service"):
            if not gateway.get(field):
                yield f"missing {field}"
        service = gateway.get("service", "")
        if service and not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*\.?", service):
            yield "invalid gateway service format"


def gateways_of(text: str) -> list[dict[str, Any]]:
    gateways: list[dict[str, Any]] = yaml.load(text, yaml.CSafeLoader)
    return gateways
