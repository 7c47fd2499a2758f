"""Declare the user's Secrets that a tenant names, for `secrets list` and `doctor`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from compiler import model
from compiler.spec.component import SecretKey


def declared(me: model.Instance[Any]) -> Iterator[model.Credential]:
    """A credential for each Secret in the tenant's `env` and `volumes`, with the keys that it reads."""
    keys: dict[str, set[str]] = defaultdict(set)
    for section in (me.spec, getattr(me.spec, "transformer", None)):
        for value in section.env.values() if section is not None else ():
            if isinstance(value, SecretKey):
                keys[value.secret].add(value.key)
    for mount in getattr(me.spec, "volumes", {}).values():
        if mount.secret:
            keys[mount.secret].update()
    for name in sorted(keys):
        values = dict.fromkeys(sorted(keys[name]), "")
        yield model.Credential(name, values, (me.namespace,), (me.name,), created_by="you")
