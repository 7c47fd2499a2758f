"""The client side of bindings: the variables, files and labels that let pods use endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from compiler.kube.container import unique
from compiler.kube.volumes import Volume
from compiler.model.binding import Endpoint
from compiler.model.instance import Instance
from compiler.model.resource import ConfigFiles, Env


class Client(Struct, frozen=True):
    """Variables, files and labels that let pods use some endpoints."""

    endpoints: tuple[Endpoint, ...]
    config: ConfigFiles | None
    volumes: tuple[Volume, ...]

    @property
    def env(self) -> tuple[Env, ...]:
        return unique(env for endpoint in _direct(self.endpoints) for env in endpoint.env())

    @property
    def plain(self) -> dict[str, str]:
        """The variables that hold no credential and refer to no other variable."""
        return {
            env.name: env.value
            for env in self.env
            if isinstance(env.value, str) and "$(" not in env.value
        }

    @property
    def configs(self) -> tuple[ConfigFiles, ...]:
        return (self.config,) if self.config else ()


def client(me: Instance[Any], endpoints: Iterable[Endpoint | None]) -> Client:
    """The client environment for pods of an instance that use these endpoints."""
    used = tuple(endpoint for endpoint in endpoints if endpoint is not None)
    files: dict[str, str] = {}
    for endpoint in _direct(used):
        files.update(endpoint.files())
    if not files:
        return Client(used, None, ())
    name = f"{me.name}-client"
    folders = sorted({path.rpartition("/")[0] for path in files})
    volumes = tuple(
        Volume(
            folder.strip("/").replace("/", "-"),
            {"configMap": {
                "name": name,
                "items": [
                    {"key": _key(file), "path": file.rpartition("/")[2]}
                    for file in sorted(files)
                    if file.rpartition("/")[0] == folder
                ],
            }},
            folder,
            read_only=True,
        )
        for folder in folders
    )  # fmt: skip
    texts = {_key(path): text for path, text in sorted(files.items())}
    return Client(used, ConfigFiles(name, me.namespace, texts), volumes)


def _direct(endpoints: Iterable[Endpoint]) -> Iterator[Endpoint]:
    """The endpoints whose variables are not already part of another endpoint's."""
    return (endpoint for endpoint in endpoints if not endpoint.binding.relayed)


def _key(path: str) -> str:
    return path.strip("/").replace("/", "-")
