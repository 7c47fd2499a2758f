"""Feast's `duckdb` offline store reads S3 with an extension that it fetches from the internet.

DuckDB 2.0.1 loads `httpfs` for every path that begins with `s3://` and downloads it from
extensions.duckdb.org at the first use; without a way there, reading fails ("Failed to download
extension", run with ibis-framework[duckdb]). It knows none of the variables that name an endpoint
either: Feast 0.67 passes one only beside keys of its own (infra/offline_stores/duckdb.py).
"""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.model import Instance, Path, Platform


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if instance.type != "feast" or instance.spec.offline_store != "duckdb":
        return
    path: Path = (*instance.path, "offlineStore")
    report.add(
        "extension-download",
        f"`{instance.name}` reads S3 with an extension that DuckDB downloads when it is first used, "
        "and that doesn't ask the platform's store",
        platform.document.value_span(path),
        path=path,
        help="write `offlineStore: file`, which reads the same Parquet files; or bring an image "
        "with the extension and its endpoint, and silence this",
    )
