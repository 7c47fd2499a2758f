"""Merge each environment's overrides into the base; every value keeps its position in the file.

Maps merge; lists and scalars replace the base's. `null` removes a key that the base must have; an
empty value is an error. Nodes that an environment does not change are shared with the base.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from compiler.diagnostics import Report
from compiler.document import Node, Path
from compiler.document.outdented import indent, outdented
from compiler.document.span import Span
from compiler.model.package import Removed
from compiler.spec.named_list import help_for_named_list
from compiler.spec.root import Shape
from compiler.spec.section import fields
from compiler.specialise.instances import PROOF, without_unknown_instances
from compiler.specialise.limits import is_too_large
from compiler.specialise.merge import merge

DEFAULT = "default"


class Variants(Struct, frozen=True):
    """The base document, and one document for each environment."""

    base: Node
    environments: Mapping[str, Node]
    # The components that each environment removes, by name.
    removed: Mapping[str, Mapping[str, Removed]] = field(default_factory=dict)
    # The position of each environment's key.
    names: Mapping[str, Span] = field(default_factory=dict)


def specialise(document: Node, report: Report) -> Variants:
    """Remove `spec.environments` from the document, and merge each environment into the rest."""
    spec = document.child("spec")
    overrides = spec.child("environments") if spec else None
    at_margin = outdented(spec, "environments", _is_no_key) if spec else ()
    base = _without_environments(document, at_margin)
    if overrides is None or not isinstance(overrides.value, dict) or not overrides.value:
        if overrides is not None and overrides.value is None and spec is not None:
            _no_environments(spec, at_margin, report)
        elif overrides is not None and not isinstance(overrides.value, dict):
            _not_a_map(overrides, ("spec", "environments"), report)
        return Variants(base, {DEFAULT: base})
    if is_too_large(base, len(overrides.value), document, report):
        return Variants(base, {})
    outdented_names = _outdented_sections(overrides, report)
    documents = {
        name: _merge_environment(base, override, name, report)
        for name, override in overrides.entries()
        if name not in outdented_names
    }
    removed = {name: _removed(base, override) for name, override in overrides.entries()}
    return Variants(base, documents, removed, overrides.keys)


def _merge_environment(base: Node, override: Node, name: str, report: Report) -> Node:
    """The base with the overrides of one environment."""
    path: Path = ("spec", "environments", name)
    spec = base.child("spec")
    assert isinstance(base.value, dict)
    if override.value is None or override.value == {} or spec is None:
        return base
    if not isinstance(override.value, dict):
        _not_a_map(override, path, report)
        return base
    checked = without_unknown_instances(spec, override, path, report.within(name))
    merged = merge(spec, checked, path, report.within(name))
    return Node({**base.value, "spec": merged}, base.span, base.keys)


def _removed(base: Node, override: Node) -> dict[str, Removed]:
    """Collect the components of the base that an environment removes."""
    section = override.child("components")
    removed: dict[str, Removed] = {}
    for name, node in section.entries() if section else ():
        if node.value is None and node.written:
            type_node = base.at(("spec", "components", name)).child("type")
            assert section is not None
            type = str(type_node.value) if type_node else name
            removed[name] = Removed(type, section.keys[name])
    return removed


def _without_environments(document: Node, outdented_names: Sequence[str]) -> Node:
    """The document without its environments, also those whose names are not indented far enough."""
    spec = document.child("spec")
    if spec is None or not isinstance(spec.value, dict) or "environments" not in spec.value:
        return document
    assert isinstance(document.value, dict)
    removed = {"environments", *outdented_names}
    rest = {key: node for key, node in spec.value.items() if key not in removed}
    bare = Node(rest, spec.span, spec.keys)
    return Node({**document.value, "spec": bare}, document.span, document.keys)


def _is_no_key(key: str) -> bool:
    """Whether `spec` has no such key, so that it may be the name of an environment."""
    return key not in {known for _, known, _ in fields(Shape)}


def _no_environments(spec: Node, outdented_names: Sequence[str], report: Report) -> None:
    """Report `environments` without a value, with the names that are not indented below it."""
    help = "name an environment below it, such as `dev: {}`, or delete the key"
    if outdented_names:
        help = indent(outdented_names, "environments")
    span, path = spec.keys["environments"], ("spec", "environments")
    report.add("null-value", "`environments` has no value", span, path=path, help=help)


def _outdented_sections(overrides: Node, report: Report) -> set[str]:
    """Report each empty environment whose sections are not indented below it.

    Returns the names of these environments and sections: none of them is an environment.
    """
    names = set[str]()
    for name in overrides.keys:
        sections = outdented(overrides, name, PROOF.__contains__)
        if sections:
            names |= {name, *sections}
            path: Path = ("spec", "environments", name)
            help = indent(sections, name)
            span = overrides.keys[name]
            report.add("null-value", f"`{name}` has no value", span, path=path, help=help)
    return names


def _not_a_map(node: Node, path: Path, report: Report) -> None:
    help = help_for_named_list(node.plain())
    report.add("wrong-type", f"`{path[-1]}` must be a map", node.span, path=path, help=help)
