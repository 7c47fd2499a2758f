"""Merge each environment's overrides into the base; every value keeps its position in the file.

Maps merge; lists and scalars replace the base's. `null` removes a key that the base must have; an
empty value is an error. Nodes that an environment does not change are shared with the base.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from compiler import registry
from compiler.diagnostics import Report
from compiler.diagnostics.fix import Edit, Fix
from compiler.diagnostics.words import closest, correction, suggestion
from compiler.document import Node, Path
from compiler.document.outdented import indent, outdented
from compiler.document.span import Span
from compiler.model.package import Removed
from compiler.spec.component import key_of_secret
from compiler.spec.root import Shape
from compiler.spec.section import fields

# An instance that the base lacks must have one of these keys; without them, its name is probably misspelt.
_PROOF = {
    "components": ("type",),
    "workloads": ("image", "run"),
    "models": ("uri", "model", "image"),
}
DEFAULT = "default"
# Each environment has all values of the base, so the product decides about the memory: a value that environments
# do not share takes up to 3 KB. The largest platform of the benchmarks has 5,000 models in 20 environments.
MOST_INSTANCES = 150_000  # in all environments together
MOST_VALUES = 1_000_000


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
    if _is_too_large(base, len(overrides.value), document, report):
        return Variants(base, {})
    outdented_names = _outdented_sections(overrides, report)
    documents = {
        name: _merge_environment(base, override, name, report)
        for name, override in overrides.entries()
        if name not in outdented_names
    }
    removed = {name: _removed(base, override) for name, override in overrides.entries()}
    return Variants(base, documents, removed, overrides.keys)


def _is_too_large(base: Node, environments: int, document: Node, report: Report) -> bool:
    """Report a base with too many instances or values for so many environments."""
    spec = base.at(("spec",))
    sections = [section for name in _PROOF if (section := spec.child(name))]
    instances = sum(len(section.keys) for section in sections)
    values = _count(base)
    for count, most, kind in (
        (instances, MOST_INSTANCES, "components, workloads and models"),
        (values, MOST_VALUES, "values"),
    ):
        if count * environments > most:
            path = ("spec", "environments")
            message = f"{count} {kind} in each of {environments} environments are more than {most}"
            help = "write several specs, each with a part of the environments"
            report.add("too-large", message, document.span_of(path), path=path, help=help)
            return True
    return False


def _count(node: Node) -> int:
    """The number of values in a value."""
    children: Iterable[Node] = ()
    if isinstance(node.value, dict):
        children = node.value.values()
    elif isinstance(node.value, list):
        children = node.value
    return 1 + sum(map(_count, children))


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
        sections = outdented(overrides, name, _PROOF.__contains__)
        if sections:
            names |= {name, *sections}
            path: Path = ("spec", "environments", name)
            help = indent(sections, name)
            span = overrides.keys[name]
            report.add("null-value", f"`{name}` has no value", span, path=path, help=help)
    return names


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
    checked = _without_unknown_instances(spec, override, path, report.within(name))
    merged = _merge(spec, checked, path, report.within(name))
    return Node({**base.value, "spec": merged}, base.span, base.keys)


def _merge(base: Node, override: Node, path: Path, report: Report) -> Node:
    """Merge an override into a node: maps merge, null removes, all other values replace."""
    if not isinstance(base.value, dict) or not isinstance(override.value, dict):
        return override
    items, keys = dict(base.value), dict(base.keys)
    for key, node in override.value.items():
        if node.value is None and not node.written:
            _no_value(override, key, path, report)
        elif node.value is None:
            if key not in items:
                _nothing_to_remove(base, override, key, path, report)
            items.pop(key, None)
        elif key in items and not _changes_type(items[key], node, path):
            items[key] = _merge(items[key], node, (*path, key), report)
        else:
            items[key], keys[key] = node, override.keys[key]
    return Node(items, base.span, keys)


def overridden(document: Node, path: Path) -> Span | None:
    """Return the first position at which an environment overrides a part of a section, or None."""
    section = document.at(path)
    for key, inner in section.entries():
        at = (*path, key)
        spans = (document.span_of(at), document.value_span(at))
        overrides = (span for span in spans if not _contains(section.span, span))
        below = overridden(document, at) if isinstance(inner.value, dict) else None
        position = next(overrides, below)
        if position is not None:
            return position
    return None


def _contains(outer: Span, inner: Span) -> bool:
    return outer.line <= inner.line <= outer.end_line


def _changes_type(base: Node, override: Node, path: Path) -> bool:
    """Whether the override has another type than the instance, and so replaces all of it."""
    if path[3:] != ("components",):
        return False
    new, old = override.child("type"), base.child("type")
    return new is not None and (old is None or new.value != old.value)


def _without_unknown_instances(spec: Node, override: Node, path: Path, report: Report) -> Node:
    """Report the instances whose names are probably misspelt, and return the override without them."""
    sections = dict(override.entries())
    for section, proofs in _PROOF.items():
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
                    *suggestion(name, names),
                    _help_for_new_instance(section, name, proofs[0]),
                ),
                fix=correction(added.keys[name], name, names),
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


def _no_value(override: Node, key: str, path: Path, report: Report) -> None:
    report.add(
        "null-value",
        f"`{key}` has no value",
        override.keys[key],
        path=(*path, key),
        help=f"write `{key}: null` to remove the base's value, or delete this line",
    )


def _nothing_to_remove(base: Node, override: Node, key: str, path: Path, report: Report) -> None:
    suggested = suggestion(key, base.keys)
    report.add(
        "nothing-to-remove",
        f"`{key}: null` removes a key that the base does not have",
        override.keys[key],
        path=(*path, key),
        help=suggested or "delete this line",
        fix=correction(override.keys[key], key, base.keys)
        if suggested
        else _removal(override, key),
    )


def _removal(override: Node, key: str) -> Fix | None:
    """The edit that deletes a key. A block must not lose its last key: it would become null."""
    only_key = len(override.keys) == 1 and not override.flow
    return None if only_key else Fix(override.entry_span((key,)), edit=Edit.REMOVE)


def _not_a_map(node: Node, path: Path, report: Report) -> None:
    help = help_for_named_list(node.plain())
    report.add("wrong-type", f"`{path[-1]}` must be a map", node.span, path=path, help=help)


def _help_for_new_instance(section: str, name: str, proof: str) -> str:
    """The help that shows how to write an instance that the base lacks."""
    if section == "components" and registry.component(name):
        return (
            f"write `{name}: {{type: {name}, ...}}`: an instance that the base lacks says its type"
        )
    return f"a new instance says its `{proof}:`; an override uses a name of the base"


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
