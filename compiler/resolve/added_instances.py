"""Add the instances that a platform brings along without a section of their own in the spec.

They are workloads that components declare, such as a smoke test, and the stores of models.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from compiler.diagnostics import Report
from compiler.model.instance import Instance
from compiler.model.memo import Memo
from compiler.model.package import CREDENTIALS, NAMESPACES, Platform
from compiler.registry import component_of
from compiler.resolve.name_problems import report_taken_name
from compiler.tenants import model_store


def added_instances(platform: Platform, memo: Memo, report: Report) -> Mapping[str, Instance[Any]]:
    """Return the added instances of one environment, and report instances of the spec with a name that is taken."""
    instances: dict[str, Instance[Any]] = {}
    served = [instance for instance in platform.instances.values() if instance.section == "models"]
    stores = model_store.groups(served)
    _report_names_of_packages(platform, stores, report)
    for name, group in stores.items():
        instances[name] = _shared_store(model_store.store(name, group), memo)
    for instance in platform.instances.values():
        if instance.section != "components":
            continue
        for name, spec in component_of(instance).workloads(instance).items():
            if name in platform.instances:
                report_taken_name(
                    platform.instances[name], f"a workload that `{instance.name}` adds",
                    platform.document, report, ("it adds it", instance.path),
                )  # fmt: skip
            else:
                instances[name] = replace(
                    instance, name=name, section="workloads", type="workload", spec=spec,
                    declared=instance.path,
                )  # fmt: skip
    return instances


def _report_names_of_packages(platform: Platform, stores: Iterable[str], report: Report) -> None:
    """Report the instances that have the name of a package which belongs to no instance."""
    owners = dict.fromkeys(stores, "the key that fetches models")
    owners[NAMESPACES] = "the package of the namespaces"
    if platform.settings.secrets.provider == "external-secrets":
        owners[CREDENTIALS] = "the package of the credentials"
    for name in sorted(owners.keys() & platform.instances.keys()):
        instance = platform.instances[name]
        report_taken_name(instance, owners[name], platform.document, report)


def _shared_store(store: Instance[Any], memo: Memo) -> Instance[Any]:
    """Return the equal store of an earlier environment, or else this store."""
    value = ("store", store.name, store.declared, store.spec.model_dump_json())
    return memo.once(lambda: store, value, store.settings)
