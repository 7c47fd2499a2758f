"""The help for a list of named items where a map of the names belongs."""

from __future__ import annotations

import json

from compiler.spec.component import key_of_secret


def help_for_named_list(value: object) -> str | tuple[str, ...]:
    """The help for a list of named items where a map belongs."""
    item = value[0] if isinstance(value, list) and value else None
    name = item.get("name") if isinstance(item, dict) else item
    if isinstance(item, str) and "=" in item:  # an assignment, as of a shell
        variable, _, text = item.partition("=")
        return f"names are keys here: write `{variable}: {json.dumps(text, ensure_ascii=False)}`"
    plain = isinstance(name, str) and name.replace("-", "").replace("_", "").isalnum()
    if not plain:
        return ()
    if isinstance(item, str):
        return f"names are keys here: write `{name}: {{}}`"
    assert isinstance(item, dict)
    rest = {key: inner for key, inner in item.items() if key != "name"}
    if rest.keys() == {"value"} and isinstance(rest["value"], (str, int, float)):
        return f"names are keys here: write `{name}: {json.dumps(str(rest['value']))}`"
    source = rest.get("valueFrom")
    reference = source.get("secretKeyRef") if isinstance(source, dict) else None
    return f"names are keys here: write `{name}: {key_of_secret(reference) or '{...}'}`"
