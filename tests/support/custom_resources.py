"""The kinds of operators' APIs that the compiler's components and interfaces make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import walk_packages

from compiler.model.custom_resource import CustomResource
from compiler.model.manifest import Manifest
from compiler.model.resource import Resource


@cache
def custom_resources() -> Mapping[tuple[str, str], CustomResource]:
    """Every kind that a module of theirs declares, by group and kind."""
    return {
        (value.group, value.kind): value
        for module in _modules()
        for value in vars(import_module(module)).values()
        if isinstance(value, CustomResource)
    }


def _modules() -> Iterator[str]:
    for package in ("components", "interfaces", "tenants"):
        path = import_module(f"compiler.{package}").__path__
        yield from (
            walk_package.name for walk_package in walk_packages(path, f"compiler.{package}.")
        )


def as_resource(manifest: Manifest) -> Resource:
    """An object as the compiler has it, with its kind."""
    group = manifest["apiVersion"].rpartition("/")[0]
    return Resource(manifest, custom=custom_resources().get((group, manifest["kind"])))
