"""`feature_store.yaml`: the registry and the stores of a Feast project.

It is derived here for servers and clients, each with separate keys. Facts about Feast 0.67: it
expands `${VAR}` in the text before it parses the YAML, so the variables are in quotes; it refuses
to serve a view during its materialization unless configured otherwise; without a batch size it
writes all rows at once; its image contains the driver psycopg 3.

DuckDB 2.0 reads S3 with the extension `httpfs`. It downloads the extension from
extensions.duckdb.org, and it puts the bucket into the host name unless a setting of the session
says otherwise (feast#5796). Therefore the offline store is a subclass of Feast's own, in a module
next to the file, which lets DuckDB read through pyarrow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

from compiler import kube, model
from compiler.interfaces import postgresql, redis, s3
from compiler.kube import yaml
from compiler.model import Env

FOLDER = "/etc/feast"
FILE = "feature_store.yaml"
PATH = f"{FOLDER}/{FILE}"
ARROW, DUCKDB = "arrow_s3", "duckdb_s3"  # Python modules that read the data lake

# The slots of the component; each one fills a part of the file.
REGISTRY = model.Requires("registry", postgresql.Endpoint)
# The login of the servers before the registry, which only reads.
READ_REGISTRY = model.Requires("registry-reader", postgresql.Endpoint)
READ_ONLINE = model.Requires("online-reader", redis.Endpoint)
ONLINE = model.Requires("online-store", redis.Endpoint)
LAKE = model.Requires("offline-store", s3.Endpoint)
WAREHOUSE = model.Requires("offline-store", postgresql.Endpoint)

# Connections of each process to the registry: the pool, and how many more it may open.
POOL_SIZE, MAX_OVERFLOW = 2, 1


class Project(Struct, frozen=True, kw_only=True):
    """The settings that servers and clients of one feature store share."""

    name: str
    offline: Literal["file", "duckdb", "postgres"]
    key_ttl: int | None  # seconds
    batch: int


class Stores(Struct, frozen=True):
    """The stores of a project, with the logins of one pod."""

    registry: postgresql.Endpoint
    online: redis.Endpoint
    lake: s3.Endpoint | None = None
    warehouse: postgresql.Endpoint | None = None

    @classmethod
    def of(cls, bindings: Iterable[model.Binding]) -> Stores:
        """The stores among a client's bindings, which also include the servers."""
        by_part = {_part(binding): binding for binding in bindings}
        lake, warehouse = by_part.get("lake"), by_part.get("warehouse")
        return cls(
            postgresql.Endpoint.connect(by_part["registry"]),
            redis.Endpoint.connect(by_part["online"]),
            s3.Endpoint.connect(lake) if lake else None,
            postgresql.Endpoint.connect(warehouse) if warehouse else None,
        )

    def modules(self, project: Project) -> tuple[str, ...]:
        """The Python modules that Feast needs next to the file to read the data lake."""
        return (ARROW, DUCKDB) if self.lake and project.offline == "duckdb" else ()

    @property
    def all_stores(self) -> tuple[model.Endpoint, ...]:
        stores = (self.registry, self.online, self.lake, self.warehouse)
        return tuple(store for store in stores if store is not None)

    def logins(self, opened: Collection[model.Endpoint]) -> tuple[Env, ...]:
        """The login variables for the given stores, as the file refers to them."""
        variables: list[Env] = []
        if self.registry in opened:
            variables += self.registry.login("FEAST_REGISTRY")
        if self.online in opened:
            variables.append(Env("FEAST_REDIS_USERNAME", self.online.user))
            variables.append(Env("FEAST_REDIS_PASSWORD", self.online.password))
        if self.warehouse is not None and self.warehouse in opened:
            variables += self.warehouse.login("FEAST_OFFLINE")
        return tuple(variables)

    def trust(self) -> tuple[Env, ...]:
        """The authority of the data lake, for pyarrow.

        Feast gives pyarrow's file system no certificates, so it takes the certificates of Python's `ssl`
        (Feast 0.67, file_source.py; pyarrow 26, _fs.pyx).
        """
        if self.lake is None or not self.lake.authority:
            return ()
        return (Env("SSL_CERT_FILE", self.lake.authority),)

    def locations(self) -> tuple[Env, ...]:
        """The location of the data lake, for jobs that fill it or define its contents: the file
        cannot hold it.
        """
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
        # Behind a pooler, a prepared statement may be unknown to the connection of the next transaction.
        engine["connect_args"] = {"prepare_threshold": None}
    return {
        "registry_type": "sql",
        "path": f"postgresql+psycopg://{login}@{database.address}",
        "cache_ttl_seconds": 60,
        # A Job creates the tables: concurrent processes that all try to create them would fail.
        "schema_mode": "verify",
        "serve_features_while_materializing": True,
        "sqlalchemy_config_kwargs": engine,
    }


def _online(server: redis.Endpoint, project: Project) -> dict[str, Any]:
    config: dict[str, Any] = {"type": "redis"}
    if server.mode != "single":
        config["redis_type"] = f"redis_{server.mode}"
    if server.mode == "sentinel":
        config["sentinel_master"] = server.primary
    config["connection_string"] = ",".join((*server.nodes, *_parameters(server)))
    if project.key_ttl is not None:
        config["key_ttl_seconds"] = project.key_ttl
    return config


def _parameters(server: redis.Endpoint) -> Iterator[str]:
    """Arguments of redis-py's client, which Feast reads as JSON where they are JSON.

    The client asks Sentinels without the login, and without TLS unless `sentinel_kwargs` says so (redis-py
    7.4). Feast splits the text at commas, so that map can have only one key, and no certificates.
    """
    yield "username=${FEAST_REDIS_USERNAME}"
    yield "password=${FEAST_REDIS_PASSWORD}"
    if server.tls:
        yield "ssl=true"
        if server.mode == "sentinel":
            yield 'sentinel_kwargs={"ssl":true}'
    yield from (f"{name}={path}" for name, path in server.files_of_tls.items())


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
        **{f"{name}_path": path for name, path in database.files_of_tls.items()},
    }


def module(name: str) -> str:
    """The text of one of the Python modules."""
    return kube.render(__file__, f"{name}.py.j2")


def remote(project: Project, servers: Mapping[str, model.Endpoint]) -> str:
    """The file of a client that asks servers, given by slot, for everything. It needs no key."""
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
