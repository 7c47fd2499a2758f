"""Write network policies: they deny all traffic, and for each offer admit pods that carry its label.

Policies name pod ports, not Service ports. They do not grow with the number of clients: a new
client namespace adds one peer to the provider's policy, and another client in that namespace adds
nothing. Models that the same pods call share policies (`called_models`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from compiler.derive import binding_policies, called_models, declared_policies
from compiler.derive.packages import Offers, bindings_by_package, each_package, extended
from compiler.derive.users import users_of
from compiler.diagnostics import Report
from compiler.lower import package_of
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource
from compiler.registry import in_upstream_namespace


def derive(lowered: Lowered, report: Report) -> Lowered:
    offers = bindings_by_package(lowered.graph.bindings)
    users: dict[str, list[str]] = defaultdict(list)
    for label, carriers in users_of(lowered).items():
        users[label] = sorted({space for space, _ in carriers})
    foreign = upstream_namespaces(lowered)
    called = _called(lowered, offers, foreign)

    def add_policies(package: Package) -> Package:
        policies: list[Resource] = []
        shared = called.get(package.name, ())
        for models in shared:
            policies += called_models.policies(models)
        unshared = _without(offers.get(package.name, {}), shared)
        for _, binding in sorted(unshared.items()):
            if not in_upstream_namespace(package.instance):
                policies += binding_policies.ingress(binding, users[binding.label])
            platform_spaces = [space for space in users[binding.label] if space not in foreign]
            policies += binding_policies.egress(binding, platform_spaces)
        if package.instance is not None:
            policies += declared_policies.policies(package, package.instance)
        return extended(package, policies)

    lowered = each_package(lowered, add_policies)
    return _externals(lowered, offers, users, foreign)


def _called(
    lowered: Lowered, offers: Mapping[str, Offers], foreign: frozenset[str]
) -> Mapping[str, Sequence[called_models.Called]]:
    """The models that share policies, by the package of their store."""
    models = {
        package: [binding for _, binding in sorted(bindings.items()) if binding.to_model]
        for package, bindings in offers.items()
    }
    labels = frozenset(binding.label for bindings in models.values() for binding in bindings)
    if not labels:
        return {}
    callers = called_models.callers_of(lowered, labels, foreign)
    return {
        package: tuple(called_models.grouped(package, bindings, callers))
        for package, bindings in models.items()
    }


def _without(offers: Offers, shared: Sequence[called_models.Called]) -> Offers:
    labels = {binding.label for models in shared for binding in models.bindings}
    return {key: binding for key, binding in offers.items() if binding.label not in labels}


def _externals(
    lowered: Lowered,
    offers: Mapping[str, Offers],
    users: Mapping[str, list[str]],
    foreign: frozenset[str],
) -> Lowered:
    """Add the policies towards providers outside the platform, which may have no package yet.

    Namespaces of operators get none: a policy would cut their pods off from all other addresses.
    """
    packages = dict(lowered.packages)
    # In a spec with mistakes, the store of the models may be left out.
    providers = offers.keys() & lowered.graph.instances.keys()
    for name in sorted(providers - packages.keys()):
        provider = lowered.graph.instances[name]
        policies = [
            policy
            for _, binding in sorted(offers[name].items())
            for policy in binding_policies.egress(
                binding, [space for space in users[binding.label] if space not in foreign]
            )
        ]
        if policies:
            packages[name] = package_of(provider, policies)
    return replace(lowered, packages=dict(sorted(packages.items())))


def upstream_namespaces(lowered: Lowered) -> frozenset[str]:
    """The namespaces of operators."""
    packages = lowered.packages.values()
    return frozenset(
        package.namespace for package in packages if in_upstream_namespace(package.instance)
    )
