"""Ask registries for the versions of an environment's models, in the form in which the lock records them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from compiler.diagnostics import Report
from compiler.interfaces import model_registry, s3
from compiler.model.graph import Graph
from compiler.model.instance import Instance
from compiler.model.package import Platform
from compiler.spec.locked_model import LockedModel
from compiler.upstream.model_registry import PYTHON_FUNCTION, Registry, RegistryError, Version
from compiler.validate.locked_models import TRACKING

# The form of MLflow's URIs of files that its server keeps: `mlflow-artifacts:/1/models/m-1/artifacts`.
_PROXIED = re.compile(
    r"(?:mlflow-artifacts:(?://[^/]*)?|https?://[^/]+(?:/[^/]+){0,8}?/api/2\.0/mlflow-artifacts/artifacts)/(.+)"
)


def tracking(instance: Instance[Any], graph: Graph) -> str | None:
    """The name of the MLflow server whose registry has a model; None for a server outside the platform."""
    names = model_registry.servers(graph.offers)
    bound: str | None = instance.spec.bind.get(TRACKING)
    return bound or (names[0] if len(names) == 1 else None)


def versions(
    platform: Platform, graph: Graph, servers: Mapping[str | None, Registry], report: Report
) -> dict[str, LockedModel]:
    """The version of each registered model; a problem is reported at the model's line."""
    locked: dict[str, LockedModel] = {}
    earlier = platform.locked.get(platform.environment or "", {})
    for name, instance in platform.registered.items():
        try:
            server = _server(tracking(instance, graph), servers)
            version = server.version(instance.spec.model, instance.spec.alias)
            locked[name] = _locked(instance, version, graph, earlier.get(name))
            if version.size is None and instance.spec.size is None:
                _no_size(instance, version, platform, report)
        except RegistryError as error:
            report.add(
                "unknown-version",
                f"the registry gives no version `{instance.spec.alias}` of "
                f"`{instance.spec.model}`: {error}",
                platform.document.span_of(instance.path),
                path=instance.path,
                help=error.help,
            )
    return locked


def _server(name: str | None, servers: Mapping[str | None, Registry]) -> Registry:
    server = servers.get(name) or servers.get(None)
    if server is None:
        raise RegistryError(f"the address of `{name}` is unknown", f"add `--server {name}=URL`")
    return server


def _locked(
    instance: Instance[Any], version: Version, graph: Graph, earlier: LockedModel | None
) -> LockedModel:
    """The entry of the lock for a version; it keeps the URI of the version before."""
    spec = instance.spec
    if PYTHON_FUNCTION not in version.flavours and not spec.format:
        flavours = ", ".join(version.flavours)
        raise RegistryError(
            f"version {version.number} has the flavour {flavours} alone, which no server of the "
            f"format `{model_registry.FORMAT}` loads",
            "add `format:` with the format that its server reads",
        )
    uri, previous = _uri(version, instance, graph), earlier.previous if earlier else None
    if earlier is not None and earlier.uri != uri:
        previous = earlier.uri
    try:
        return LockedModel(
            model=spec.model, alias=spec.alias, version=version.number, uri=uri,
            flavour=version.flavour, run=version.run, size=version.size,
            signature=version.signature, inputs=dict(version.inputs),
            outputs=dict(version.outputs), previous=previous,
        )  # fmt: skip
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise RegistryError(f"its `{key}` is nothing that a lock can hold") from error


def _uri(version: Version, instance: Instance[Any], graph: Graph) -> str:
    """The URI of the files of a version in the object store."""
    proxied = _PROXIED.fullmatch(version.artifacts)
    if proxied is None:
        if version.artifacts.startswith("s3://"):
            return version.artifacts
        raise RegistryError(
            f"its files are at `{version.artifacts}`, which is in no object store",
            "register a version whose files are in one",
        )
    name = tracking(instance, graph)
    bindings = graph.by_consumer.get(name, {}).values() if name else ()
    stores = (b for b in bindings if issubclass(b.requires.endpoint, s3.Endpoint))
    store = next(stores, None)
    if store is None:
        raise RegistryError(
            "its server keeps the files, and is none of the platform's",
            f"name the server: `bind: {{{TRACKING}: NAME}}`",
        )
    endpoint = store.endpoint()
    assert isinstance(endpoint, s3.Endpoint)
    return f"{endpoint.root}/{proxied[1]}"


def _no_size(instance: Instance[Any], version: Version, platform: Platform, report: Report) -> None:
    report.add(
        "unknown-size",
        f"the registry has no size of version {version.number} of `{instance.name}`, so its server gets "
        "memory and disk for a small model",
        platform.document.span_of(instance.path),
        path=instance.path,
        help="add `size:` with the size of the model's files, like `size: 16Gi`",
    )
