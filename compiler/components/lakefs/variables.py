"""The variables of lakeFS' processes: the server, and the setup."""

from __future__ import annotations

from collections.abc import Iterator

from compiler import kube
from compiler.interfaces import postgresql, s3
from compiler.model import Env, SecretRef

POOL = 10  # connections of each process
_TYPE = Env("LAKEFS_BLOCKSTORE_TYPE", "s3")


def of_server(database: postgresql.Endpoint, store: s3.Endpoint, keys: str) -> list[Env]:
    """The variables of the server; `keys` is the Secret with its keys."""
    return [*_database(database), *_secrets(keys), *_blockstore(store), *_private()]


def of_setup(database: postgresql.Endpoint, keys: str) -> list[Env]:
    """Those of the setup, which stores the administrator's key encrypted in the database, and reads no store."""
    return [*_database(database), _encryption(keys), _TYPE, *_private()]


def _database(database: postgresql.Endpoint) -> Iterator[Env]:
    yield Env("LAKEFS_DATABASE_TYPE", "postgres")
    yield from database.uri_login("DATABASE")
    yield Env("LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING", database.uri("DATABASE"))
    yield Env("LAKEFS_DATABASE_POSTGRES_MAX_OPEN_CONNECTIONS", str(POOL))


def _encryption(keys: str) -> Env:
    return Env("LAKEFS_AUTH_ENCRYPT_SECRET_KEY", SecretRef(keys, "encrypt"))


def _secrets(keys: str) -> Iterator[Env]:
    yield _encryption(keys)
    yield Env("LAKEFS_BLOCKSTORE_SIGNING_SECRET_KEY", SecretRef(keys, "signing"))


def _blockstore(store: s3.Endpoint) -> Iterator[Env]:
    prefix = "LAKEFS_BLOCKSTORE_S3"
    yield _TYPE
    yield Env(f"{prefix}_ENDPOINT", store.url)
    yield Env(f"{prefix}_REGION", store.region)
    yield Env(f"{prefix}_FORCE_PATH_STYLE", store.path_style)
    yield Env(f"{prefix}_DISCOVER_BUCKET_REGION", "false")
    # Clients may reach the gateway, not the store: a signed link to it would lead nowhere.
    yield Env(f"{prefix}_DISABLE_PRE_SIGNED", "true")
    yield Env(f"{prefix}_CREDENTIALS_ACCESS_KEY_ID", store.secret_key(s3.ACCESS_KEY))
    yield Env(f"{prefix}_CREDENTIALS_SECRET_ACCESS_KEY", store.secret_key(s3.SECRET_KEY))
    yield Env("AWS_REQUEST_CHECKSUM_CALCULATION", store.checksums)
    yield Env("AWS_RESPONSE_CHECKSUM_VALIDATION", store.checksums)
    yield from store.trust()


def _private() -> Iterator[Env]:
    """Disables telemetry and update checks."""
    yield Env("HOME", kube.TMP)
    yield Env("LAKEFS_EMAIL_SUBSCRIPTION_ENABLED", "false")
    yield Env("LAKEFS_LOGGING_FORMAT", "json")
    yield Env("LAKEFS_SECURITY_CHECK_LATEST_VERSION", "false")
    yield Env("LAKEFS_STATS_ENABLED", "false")
