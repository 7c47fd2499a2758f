"""Add an authorization policy to the package of each called model.

There may be thousands of models, so a policy is made once for all environments in which the same
accounts call the model. Istio selects pods by equal labels, not by lists of values, so models cannot
share a policy as they share network policies.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from itertools import chain

from msgspec.structs import replace

from compiler.derive.authorization import clients
from compiler.derive.mesh import mesh_of
from compiler.derive.packages import extended
from compiler.derive.users import Account, users_of
from compiler.diagnostics import Report
from compiler.model.binding import Binding
from compiler.model.fleet import Fleet
from compiler.model.package import Lowered, Package
from compiler.registry import in_upstream_namespace


def derive(lowered: Lowered, report: Report) -> Lowered:
    mesh = mesh_of(lowered)
    called: dict[str, dict[str, Binding]] = defaultdict(dict)  # by model and slot
    for binding in lowered.graph.bindings:
        if binding.to_model and not in_upstream_namespace(binding.provider):
            called[binding.provider.name][binding.provides.slot] = binding
    if mesh is None or not mesh.offer.strict or not called:
        return lowered
    users, memo = users_of(lowered), lowered.models.memo
    packages = dict(lowered.models)
    for name in called.keys() & packages.keys():
        package, bindings = packages[name], tuple(called[name].values())
        callers = tuple(users[binding.label] for binding in bindings)
        with_policies = partial(_with_policies, package, bindings, callers)
        packages[name] = memo.once(with_policies, ("authorization", callers), package)
    return replace(lowered, models=Fleet(packages, memo))


def _with_policies(
    package: Package, bindings: tuple[Binding, ...], callers: tuple[frozenset[Account], ...],
) -> Package:  # fmt: skip
    policies = (clients(*pair) for pair in zip(bindings, callers, strict=True))
    return extended(package, chain.from_iterable(policies))
