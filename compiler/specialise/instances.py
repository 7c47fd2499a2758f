"""Find the instances that an environment adds by mistake: an override of a name that the base lacks."""

from __future__ import annotations

from collections.abc import Mapping

from compiler import registry
from compiler.diagnostics import Report
from compiler.diagnostics.misspelt_keys import key_correction, suggested_key
from compiler.diagnostics.words import closest
from compiler.document import Node, Path

# An instance that the base lacks must have one of these keys; without them, its name is probably misspelt.
PROOF = {
    "components": ("type",),
    "workloads": ("image", "run"),
    "models": ("uri", "model", "image"),
}


def without_unknown_instances(spec: Node, override: Node, path: Path, report: Report) -> Node:
    """Report the instances whose names are probably misspelt, and return the override without them."""
    sections = dict(override.entries())
    for section, proofs in PROOF.items():
        base_section = spec.child(section)
        names = dict(base_section.entries()) if base_section else {}
        added = override.child(section)
        for name, node in added.entries() if added else ():
            if name in names or node.value is None or any(map(node.child, proofs)):
                continue
            assert added is not None
            if section == "components" and _misspelt_in(names, name):
                sections[section] = _without(sections[section], name)
                continue
            report.add(
                "unknown-instance",
                f"`{name}` is not in the base's `{section}`, and has no `{proofs[0]}:`",
                added.keys[name],
                path=(*path, section, name),
                help=(
                    *suggested_key(added, name, names),
                    _help_for_new_instance(section, name, proofs[0]),
                ),
                fix=key_correction(added, name, names),
            )
            sections[section] = _without(sections[section], name)
    return Node(sections, override.span, override.keys)


def _misspelt_in(names: Mapping[str, Node], name: str) -> bool:
    """Whether the base has a component whose misspelt key means this name."""
    types = registry.all_types()
    unknown = [key for key in names if key not in types and names[key].child("type") is None]
    return any(closest(key, types) == name for key in unknown)


def _without(node: Node, name: str) -> Node:
    return Node({k: v for k, v in node.entries() if k != name}, node.span, node.keys)


def _help_for_new_instance(section: str, name: str, proof: str) -> str:
    """The help that shows how to write an instance that the base lacks."""
    if section == "components" and registry.component(name):
        return (
            f"write `{name}: {{type: {name}, ...}}`: an instance that the base lacks says its type"
        )
    return f"a new instance says its `{proof}:`; an override uses a name of the base"
