"""Refuse a base that is too large for its number of environments."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.diagnostics import Report
from compiler.document import Node
from compiler.specialise.instances import PROOF

# Each environment has all values of the base, so the product decides about the memory: a value that environments
# do not share takes up to 3 KB. The largest platform of the benchmarks has 5,000 models in 20 environments.
MOST_INSTANCES = 150_000  # in all environments together
MOST_VALUES = 1_000_000


def is_too_large(base: Node, environments: int, document: Node, report: Report) -> bool:
    """Report a base with too many instances or values for so many environments."""
    spec = base.at(("spec",))
    sections = [section for name in PROOF if (section := spec.child(name))]
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
