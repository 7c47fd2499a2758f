"""Collect the variables, files and labels that let pods use the endpoints of their bindings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from compiler.kube import authorities, client_certificates
from compiler.kube.container import unique
from compiler.kube.volumes import Volume
from compiler.model.authority import HandedAuthority
from compiler.model.binding import Endpoint
from compiler.model.instance import Instance
from compiler.model.resource import ConfigFiles, Env


class Client(Struct, frozen=True):
    """Variables, files and labels that let pods use some endpoints."""

    endpoints: tuple[Endpoint, ...]
    configs: tuple[ConfigFiles, ...]
    volumes: tuple[Volume, ...]
    handed: tuple[HandedAuthority, ...] = ()

    @property
    def env(self) -> tuple[Env, ...]:
        return unique(env for endpoint in _direct(self.endpoints) for env in endpoint.variables)

    @property
    def plain(self) -> dict[str, str]:
        """The variables that hold no credential and refer to no other variable."""
        return {
            env.name: env.value
            for env in self.env
            if isinstance(env.value, str) and "$(" not in env.value
        }


def client(
    me: Instance[Any], endpoints: Iterable[Endpoint | None], trusted: Iterable[Endpoint] = (),
    certified: Iterable[Endpoint] = (),
) -> Client:  # fmt: skip
    """The client environment for pods of an instance that use these endpoints.

    It contains the authorities of the endpoints `trusted`, and the client's certificates for the endpoints
    `certified`. Only pods of operators need these two: `derive/authorities.py` mounts the files in all others.
    """
    used = tuple(endpoint for endpoint in endpoints if endpoint is not None)
    files = _with_certificates(_files(me, used), certified)
    trust = authorities.of(trusted)
    if not trust:
        return files
    name = f"{me.name}-client"
    config = authorities.files(name, me.namespace, trust.items())
    volume = authorities.volume(name, trust.items())
    configs = (*files.configs, *([config] if config else []))
    handed = tuple(
        HandedAuthority(endpoint.binding.requires.slot)
        for endpoint in used
        if endpoint.offer.ca is not None
    )
    return replace(files, configs=configs, volumes=(*files.volumes, volume), handed=handed)


def _with_certificates(client: Client, certified: Iterable[Endpoint]) -> Client:
    secrets = client_certificates.of(endpoint.binding for endpoint in certified)
    if not secrets:
        return client
    return replace(client, volumes=(*client.volumes, client_certificates.volume(secrets)))


def _files(me: Instance[Any], used: tuple[Endpoint, ...]) -> Client:
    """The files of all endpoints, as one ConfigMap and a volume for each folder."""
    files: dict[str, str] = {}
    for endpoint in _direct(used):
        files.update(endpoint.files())
    if not files:
        return Client(used, (), ())
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
    return Client(used, (ConfigFiles(name, me.namespace, texts),), volumes)


def _direct(endpoints: Iterable[Endpoint]) -> Iterator[Endpoint]:
    """The endpoints whose variables are not already part of another endpoint's."""
    return (endpoint for endpoint in endpoints if not endpoint.binding.relayed)


def _key(path: str) -> str:
    return path.strip("/").replace("/", "-")
