"""The length of the name of a Gateway, which is made of the names of the platform and of the instance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler import model

# A label of DNS to Istio's webhook (1.30, ValidateGateway), and a label's value on the pods that a controller of the
# Gateway API makes (`gateway.networking.k8s.io/gateway-name`).
LONGEST = 63


def problems(me: model.Instance[Any], name: str) -> Iterator[model.Problem]:
    """The problem of a name that is too long."""
    if len(name) > LONGEST:
        yield model.Problem(
            "invalid-name",
            f"the Gateway of `{me.name}` is named `{name}`, of {len(name)} characters, and {LONGEST} are the limit",
            (),
            f"rename `{me.name}`: its name can have {LONGEST - len(me.platform) - 1} characters",
        )
