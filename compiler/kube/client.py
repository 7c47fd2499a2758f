"""The client environment of what pods use: variables, files and labels, from one place."""

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
    """The client environment of what some pods use: variables, files and labels."""

    endpoints: tuple[Endpoint, ...]
    config: ConfigFiles | None
    volumes: tuple[Volume, ...]

    @property
    def env(self) -> tuple[Env, ...]:
        return unique(env for endpoint in _told(self.endpoints) for env in endpoint.env())

    @property
    def plain(self) -> dict[str, str]:
        """The variables that hold no credential and read no other variable."""
        return {
            one.name: one.value
            for one in self.env
            if isinstance(one.value, str) and "$(" not in one.value
        }

    @property
    def configs(self) -> tuple[ConfigFiles, ...]:
        return (self.config,) if self.config else ()


def client(me: Instance[Any], endpoints: Iterable[Endpoint | None]) -> Client:
    """What it takes to use some endpoints from pods of an instance."""
    used = tuple(endpoint for endpoint in endpoints if endpoint is not None)
    files: dict[str, str] = {}
    for endpoint in _told(used):
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


def _told(endpoints: Iterable[Endpoint]) -> Iterator[Endpoint]:
    """Those whose variables are their own, and not part of another endpoint's."""
    return (endpoint for endpoint in endpoints if not endpoint.binding.relayed)


def _key(path: str) -> str:
    return path.strip("/").replace("/", "-")
