"""Add the versions in `platform.lock` to models of a registry: URI, format, size.

A compile asks no registry. A model without a version in the lock is left out and reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from compiler.diagnostics import Report
from compiler.diagnostics.words import listing
from compiler.interfaces import model_registry
from compiler.model.instance import Instance
from compiler.model.memo import Memo
from compiler.model.package import Platform
from compiler.spec import quantity
from compiler.spec.locked_model import LockedModel
from compiler.spec.served_model import ModelSpec

TRACKING = "tracking"  # the key of `bind` that names the registry of a model


def with_locked_models(
    platforms: Mapping[str | None, Platform], memo: Memo, report: Report
) -> dict[str | None, Platform]:
    """Return the platforms with the locked versions of their models."""
    return {
        name: _with_versions(platform, memo, report.within(name))
        for name, platform in platforms.items()
    }


def _with_versions(platform: Platform, memo: Memo, report: Report) -> Platform:
    """Add the locked versions to the models of one environment."""
    registered = {
        name: instance
        for name, instance in platform.instances.items()
        if instance.section == "models" and instance.spec.model is not None
    }
    if not registered:
        return platform
    instances, wrong = dict(platform.instances), dict(platform.wrong)
    for name, instance in registered.items():
        entry = _entry(platform, name)
        if entry is None or not _of_same_alias(entry, instance.spec):
            if name not in wrong:
                _report(instance, entry, platform, report)
            del instances[name]
            wrong[name] = instance.type
        else:
            instances[name] = _locked(instance, entry, memo)
    return replace(platform, instances=instances, wrong=wrong, registered=registered)


def _entry(platform: Platform, name: str) -> LockedModel | None:
    """The locked version of a model; for the base, which is never applied, any environment's."""
    if platform.environment is not None:
        return platform.locked.get(platform.environment, {}).get(name)
    entries = (entries.get(name) for _, entries in sorted(platform.locked.items()))
    return next((entry for entry in entries if entry is not None), None)


def _of_same_alias(entry: LockedModel, spec: ModelSpec) -> bool:
    return (entry.model, entry.alias) == (spec.model, spec.alias)


def _locked(instance: Instance[Any], entry: LockedModel, memo: Memo) -> Instance[Any]:
    """The instance of a model with its version. Environments with the same version share it."""
    key = ("locked", entry.model_dump_json())
    return memo.once(lambda: replace(instance, spec=_spec(instance.spec, entry)), key, instance)


def _spec(spec: ModelSpec, entry: LockedModel) -> ModelSpec:
    """The section of a model with the URI, format and size of its locked version."""
    size = entry.size and quantity.binary(-(-entry.size // quantity.MIB) * quantity.MIB)
    canary = spec.canary
    if canary is not None and canary.previous is None:
        canary = canary.model_copy(update={"previous": entry.previous})
    return spec.model_copy(
        update={
            "uri": entry.uri,
            "format": spec.format or model_registry.FORMAT,
            "size": spec.size or size,
            "canary": canary,
            "bind": {key: value for key, value in spec.bind.items() if key != TRACKING},
        }
    )


def _report(
    instance: Instance[Any], entry: LockedModel | None, platform: Platform, report: Report
) -> None:
    """Report a model without a version in the lock."""
    spec, environment = instance.spec, platform.environment
    if environment is None:  # the environments report it
        return
    message = f"the lock has no version of `{spec.model}@{spec.alias}` for `{instance.name}`"
    environments = [name for name, entries in platform.locked.items() if instance.name in entries]
    if entry is not None:
        message += f", but of `{entry.model}@{entry.alias}`"
    elif environments:
        message += f"; it has one for {listing(environments)} alone"
    report.add(
        "unlocked-model",
        message,
        platform.document.span_of(instance.path),
        path=instance.path,
        help=f"type `platformc models lock {environment} --server URL` with the registry's address, "
        "and commit `platform.lock`",
    )
