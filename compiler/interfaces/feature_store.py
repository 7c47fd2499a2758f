"""`feature_store.yaml`: where a Feast project's registry and stores are, and what it may open.

Derived here for servers and clients alike, each with keys of its own. Facts are of Feast 0.67:
`${VAR}` is expanded in the text before it is read as YAML, so it stands in quotes; serving refuses
a view that is being materialised unless told not to; without a batch size all rows are written at
once; the driver in its image is psycopg 3.

DuckDB (2.0) reads S3 by an extension, `httpfs`, which is downloaded from extensions.duckdb.org and
addresses a bucket as a host unless a session's setting says otherwise (feast#5796). So the store
that the file names is Feast's own, in a module beside the file that has DuckDB read by pyarrow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from msgspec import Struct

from compiler import kube, model
from compiler.interfaces import postgresql, redis, s3
from compiler.kube import yaml
from compiler.model import Env

FOLDER = "/etc/feast"
FILE = "feature_store.yaml"
PATH = f"{FOLDER}/{FILE}"
ARROW, DUCKDB = "arrow_s3", "duckdb_s3"  # modules that read the lake

# The slots of the component, by which the file's parts are told apart.
REGISTRY = model.Requires("registry", postgresql.Endpoint)
ONLINE = model.Requires("online-store", redis.Endpoint)
LAKE = model.Requires("offline-store", s3.Endpoint)
WAREHOUSE = model.Requires("offline-store", postgresql.Endpoint)

# Connections of each process to the registry: a pool, and what it may grow by.
POOL_SIZE, MAX_OVERFLOW = 2, 1


class Project(Struct, frozen=True, kw_only=True):
    """What servers and clients of one feature store agree on."""

    name: str
    offline: Literal["file", "duckdb", "postgres"]
    key_ttl: int | None  # seconds
    batch: int


class Stores(Struct, frozen=True):
    """Where a project's features are, as one pod opens them."""

    registry: postgresql.Endpoint
    online: redis.Endpoint
    lake: s3.Endpoint | None = None
    warehouse: postgresql.Endpoint | None = None

    @classmethod
    def of(cls, bindings: Iterable[model.Binding]) -> Stores:
        """The stores among what a client is bound to besides the servers."""
        found = {_part(binding): binding for binding in bindings}
        lake, warehouse = found.get("lake"), found.get("warehouse")
        return cls(
            postgresql.Endpoint(binding=found["registry"]),
            redis.Endpoint(binding=found["online"]),
            s3.Endpoint(binding=lake) if lake else None,
            postgresql.Endpoint(binding=warehouse) if warehouse else None,
        )

    def modules(self, project: Project) -> tuple[str, ...]:
        """Which modules Python must find beside the file, for Feast to read the lake."""
        return (ARROW, DUCKDB) if self.lake and project.offline == "duckdb" else ()

    @property
    def all(self) -> tuple[model.Endpoint, ...]:
        stores = (self.registry, self.online, self.lake, self.warehouse)
        return tuple(one for one in stores if one is not None)

    def logins(self, opened: Collection[model.Endpoint]) -> tuple[Env, ...]:
        """The variables by which the file opens some of them, with a login for each."""
        made: list[Env] = []
        if self.registry in opened:
            made += self.registry.login("FEAST_REGISTRY")
        if self.online in opened:
            made.append(Env("FEAST_REDIS_USERNAME", self.online.user))
            made.append(Env("FEAST_REDIS_PASSWORD", self.online.password))
        if self.warehouse is not None and self.warehouse in opened:
            made += self.warehouse.login("FEAST_OFFLINE")
        return tuple(made)

    def places(self) -> tuple[Env, ...]:
        """Where the lake is, for whoever fills it or defines what it holds: the file can't say."""
        if self.lake is None:
            return ()
        return (
            Env("FEAST_S3_ENDPOINT_URL", self.lake.url),
            Env("FEAST_OFFLINE_URI", self.lake.root),
        )

    def file(self, project: Project) -> str:
        """`feature_store.yaml`, without a secret."""
        return yaml.dump(
            {
                **_head(project),
                "registry": _registry(self.registry),
                "offline_store": self._offline(project),
                "online_store": _online(self.online, project),
                "materialization": {"online_write_batch_size": project.batch},
            }
        )

    def _offline(self, project: Project) -> dict[str, Any]:
        if self.warehouse is not None:
            return _warehouse(self.warehouse)
        if self.lake is not None and project.offline == "duckdb":
            return {
                "type": f"{DUCKDB}.DuckDBOfflineStore",
                "staging_location": f"{self.lake.root}/staging",
                "staging_location_endpoint_override": self.lake.url,
            }
        return {"type": "file"}


def _part(binding: model.Binding) -> str:
    endpoint = binding.requires.endpoint
    if endpoint is redis.Endpoint:
        return "online"
    if endpoint is s3.Endpoint:
        return "lake"
    return "registry" if binding.requires.slot.endswith(REGISTRY.slot) else "warehouse"


def _head(project: Project) -> dict[str, Any]:
    return {"project": project.name, "provider": "local", "entity_key_serialization_version": 3}


def _registry(database: postgresql.Endpoint) -> dict[str, Any]:
    login = "${FEAST_REGISTRY_USERNAME}:${FEAST_REGISTRY_PASSWORD}"
    engine: dict[str, Any] = {
        "echo": False,
        "pool_pre_ping": True,
        "pool_size": POOL_SIZE,
        "max_overflow": MAX_OVERFLOW,
    }
    if database.pooled:
        # A statement prepared in one transaction may be unknown to the connection of the next.
        engine["connect_args"] = {"prepare_threshold": None}
    return {
        "registry_type": "sql",
        "path": f"postgresql+psycopg://{login}@{database.address}",
        "cache_ttl_seconds": 60,
        # A Job makes the tables: many processes that all try would fail on each other.
        "schema_mode": "verify",
        "serve_features_while_materializing": True,
        "sqlalchemy_config_kwargs": engine,
    }


def _online(server: redis.Endpoint, project: Project) -> dict[str, Any]:
    login = "username=${FEAST_REDIS_USERNAME},password=${FEAST_REDIS_PASSWORD}"
    tls = ",ssl=true" if server.tls else ""
    if server.authority:
        tls = f"{tls},ssl_ca_certs={server.authority}"
    made: dict[str, Any] = {
        "type": "redis",
        "connection_string": f"{server.host}:{server.port},{login}{tls}",
    }
    if project.key_ttl is not None:
        made["key_ttl_seconds"] = project.key_ttl
    return made


def _warehouse(database: postgresql.Endpoint) -> dict[str, Any]:
    return {
        "type": "postgres",
        "host": database.host,
        "port": database.port,
        "database": database.database,
        "db_schema": "public",
        "user": "${FEAST_OFFLINE_USERNAME}",
        "password": "${FEAST_OFFLINE_PASSWORD}",
        "sslmode": database.sslmode,
        **({"sslrootcert_path": database.authority} if database.authority else {}),
    }


def module(name: str) -> str:
    """The text of one of the modules."""
    return kube.render(__file__, f"{name}.py.j2")


def remote(project: Project, servers: Mapping[str, model.Endpoint]) -> str:
    """The file of a client that asks the servers, by slot, for everything; it needs no key."""
    registry, offline, online = (
        servers[slot] for slot in ("registry-server", "offline-server", "features")
    )
    return yaml.dump(
        {
            **_head(project),
            "registry": {"registry_type": "remote", "path": f"{registry.host}:{registry.port}"},
            "offline_store": {"type": "remote", "host": offline.host, "port": offline.port},
            "online_store": {"type": "remote", "path": f"http://{online.host}:{online.port}"},
        }
    )
