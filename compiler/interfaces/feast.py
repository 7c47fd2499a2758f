"""Feast: features by name, from an online store for serving and an offline store for training.

Without servers in between, a client opens the registry and the stores directly, with a
`feature_store.yaml` like the servers'. With servers, the client's file names them, and it needs no key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from compiler import model
from compiler.interfaces import feast_server, feature_store
from compiler.model import Env


class Claim(model.Claim, frozen=True, kw_only=True):
    """Claims access only."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """A feature server, and the project settings that it shares with its clients."""

    project: feature_store.Project


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The address of the feature server, and the `feature_store.yaml` of its client."""

    interface: ClassVar[str] = "feast"
    one_per_pod: ClassVar[bool] = True

    @classmethod
    def client_claim(cls, consumer: model.Instance[Any]) -> Claim:
        return Claim()

    @property
    def servers(self) -> Mapping[str, model.Endpoint]:
        """The servers between the client and the stores, by slot; empty if there are none."""
        return {
            binding.provides.slot: binding.endpoint()
            for binding in self.binding.entailed
            if binding.provides.endpoint is feast_server.Endpoint
        }

    def env(self) -> tuple[Env, ...]:
        config_path = Env("FEAST_FS_YAML_FILE_PATH", feature_store.PATH)
        server = Env("FEAST_SERVER_URL", f"http://{self.host}:{self.port}")
        if self.servers:
            return (config_path, server)
        stores = self._stores()
        modules = stores.modules(self._project)
        path = (Env("PYTHONPATH", feature_store.FOLDER),) if modules else ()
        logins = stores.logins(stores.all_stores)
        return (config_path, server, *path, *logins, *stores.trust(), *stores.locations())

    def files(self) -> Mapping[str, str]:
        project, servers = self._project, self.servers
        if servers:
            slots = {**servers, self.binding.provides.slot: self}
            return {feature_store.PATH: feature_store.remote(project, slots)}
        stores = self._stores()
        modules = {
            f"{feature_store.FOLDER}/{name}.py": feature_store.module(name)
            for name in stores.modules(project)
        }
        return {feature_store.PATH: stores.file(project), **modules}

    @property
    def _project(self) -> feature_store.Project:
        return self.offer.project

    def _stores(self) -> feature_store.Stores:
        return feature_store.Stores.of(self.binding.entailed)
