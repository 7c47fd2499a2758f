# Feast's DuckDB store with another reader of S3: pyarrow, which Feast has anyway. DuckDB's own is
# an extension, which it would download, and which can't be told by the environment to put the
# bucket into the path.
from arrow_s3 import FileSystem
from feast.infra.offline_stores.duckdb import DuckDBOfflineStore, DuckDBOfflineStoreConfig
from ibis.backends.duckdb import Backend

__all__ = ["DuckDBOfflineStore", "DuckDBOfflineStoreConfig"]

load = Backend._load_extensions


def load_extensions(backend, extensions, **options):
    """As ibis does before it reads a path on S3, but for the extension that reads S3."""
    if "httpfs" in extensions and not backend.con.filesystem_is_registered("s3"):
        backend.con.register_filesystem(FileSystem())
    others = [name for name in extensions if name != "httpfs"]
    if others:
        load(backend, others, **options)


Backend._load_extensions = load_extensions
