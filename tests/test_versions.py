"""Facts about images: tags that move, are gone or do not fit, and steps between versions.

The labelled changes are rated as a real server (tests/live/test_versions.py) or, where none runs
here, the source that the row names says; none is rated lower.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from compiler import registry
from compiler.diff import Change
from compiler.diff.compare import compare
from compiler.model.effects import Risk
from compiler.model.versions import Tags, Versions
from compiler.pipeline import Compilation
from compiler.pipeline import compile as compile_spec

DOCS = Path(__file__).parents[1] / "docs" / "versions.md"
HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: versions}\nspec:\n  components:\n"
NO_OP, RELOAD, RESTART, DOWNTIME, DATA_LOSS = Risk
POSTGRES, MYSQL = "docker.io/library/postgres", "docker.io/library/mysql"
REDIS, VALKEY = "docker.io/library/redis", "docker.io/valkey/valkey"
CNPG, MLFLOW = "ghcr.io/cloudnative-pg/postgresql", "ghcr.io/mlflow/mlflow"
LAKEFS, MINIO = "docker.io/treeverse/lakefs", "quay.io/minio/minio"
KFP, METADATA = "ghcr.io/kubeflow/kfp-api-server", "gcr.io/tfx-oss-public/ml_metadata_store_server"
WEED = "docker.io/chrislusf/seaweedfs"
ABOVE, BELOW, TEXT = "does not start on", "does not start on", "sorts text otherwise"

# type, repository, from, to, the least risk, and the words of the reason.
IMAGES = (
    ("postgres", POSTGRES, "17.9-bookworm", "17.10-bookworm", DOWNTIME, "its only pod restarts"),
    ("postgres", POSTGRES, "17.9-bookworm", "17.2-bookworm", DOWNTIME, "its only pod restarts"),
    ("postgres", POSTGRES, "17.9-bookworm", "18.1-bookworm", DATA_LOSS, ABOVE),
    ("postgres", POSTGRES, "17.9-bookworm", "16.11-bookworm", DATA_LOSS, BELOW),
    ("postgres", POSTGRES, "14.20-bookworm", "17.9-bookworm", DATA_LOSS, ABOVE),
    ("postgres", POSTGRES, "18.1-bookworm", "14.20-bookworm", DATA_LOSS, BELOW),
    ("postgres", POSTGRES, "17.9-bookworm", "17.9-trixie", DATA_LOSS, TEXT),
    ("postgres", POSTGRES, "17.9-trixie", "17.9-bookworm", DATA_LOSS, TEXT),
    ("postgres", POSTGRES, "17.9-bullseye", "17.10-bookworm", DATA_LOSS, TEXT),
    ("postgres", POSTGRES, "17.9-bookworm", "18.1-trixie", DATA_LOSS, ABOVE),
    ("postgres", POSTGRES, "17.9-bookworm", "18.1-trixie", DATA_LOSS, TEXT),
    ("postgres", "registry.example.internal/postgres", "17.9-bookworm", "17.9-trixie", DATA_LOSS, TEXT),
    ("postgres", "registry.example.internal/postgres", "17.9-bookworm", "18.1-bookworm", DATA_LOSS, ABOVE),
    ("mysql", MYSQL, "8.4.6", "8.4.7", DOWNTIME, "its only pod restarts"),
    ("mysql", MYSQL, "8.4.7", "8.4.6", DOWNTIME, "its only pod restarts"),
    ("mysql", MYSQL, "8.0.40", "8.0.35", DOWNTIME, "its only pod restarts"),
    ("mysql", MYSQL, "8.0.33", "8.0.34", DOWNTIME, "its only pod restarts"),
    ("mysql", MYSQL, "8.0.40", "8.0.34", DATA_LOSS, BELOW),  # 80034 on data of 80035
    ("mysql", MYSQL, "8.0.28-debian", "8.0.9", DATA_LOSS, BELOW),
    ("mysql", MYSQL, "8.0.40", "8.4.7", DOWNTIME, "never starts on it again"),
    ("mysql", MYSQL, "8.4.7", "9.1.0", DOWNTIME, "never starts on it again"),
    ("mysql", MYSQL, "9.0.1", "9.1.0", DOWNTIME, "never starts on it again"),
    ("mysql", MYSQL, "8.3.0", "8.4.7", DOWNTIME, "never starts on it again"),
    ("mysql", MYSQL, "9.7.1", "26.7.0", DOWNTIME, "never starts on it again"),
    ("mysql", MYSQL, "8.0.46", "9.7.2", DATA_LOSS, ABOVE),  # MySQL's own message: 80046 to 90702
    ("mysql", MYSQL, "8.3.0", "9.0.1", DATA_LOSS, ABOVE),  # 80300 to 90001
    ("mysql", MYSQL, "8.4.8", "26.7.0", DATA_LOSS, ABOVE),  # 80408 to 260700
    ("mysql", MYSQL, "8.0.46", "26.7.0", DATA_LOSS, ABOVE),  # 80046 to 260700
    ("mysql", MYSQL, "9.6.0", "26.7.0", DATA_LOSS, ABOVE),
    ("mysql", MYSQL, "26.7.0", "9.7.1", DATA_LOSS, BELOW),
    ("mysql", MYSQL, "8.4.7", "8.0.40", DATA_LOSS, BELOW),
    ("mysql", MYSQL, "9.1.0", "8.4.7", DATA_LOSS, BELOW),
    ("mysql", MYSQL, "9.1.0", "9.0.1", DATA_LOSS, BELOW),
    ("redis", REDIS, "8.2.3-bookworm", "8.2.4-bookworm", DOWNTIME, "its only pod restarts"),
    ("redis", REDIS, "7.0.15-bookworm", "8.2.3-bookworm", DOWNTIME, "its only pod restarts"),
    ("redis", REDIS, "8.2.3-bookworm", "7.0.15-bookworm", DATA_LOSS, BELOW),
    ("redis", REDIS, "7.4.3-bookworm", "7.2.7-bookworm", DATA_LOSS, BELOW),
    ("redis", REDIS, "7.2.1-bookworm", "7.0.13-bookworm", DATA_LOSS, BELOW),
    ("redis", "redis", "8.2.3-bookworm", "7.2.4-bookworm", DATA_LOSS, BELOW),
    ("redis", "docker.io/redis", "8.2.3-bookworm", "7.2.4-bookworm", DATA_LOSS, BELOW),
    ("redis", "harbor.example.internal/redis", "8.2.3-bookworm", "7.2.4-bookworm", DATA_LOSS, BELOW),
    ("valkey", "harbor.example.internal/valkey", "9.1.0", "8.0.1", DATA_LOSS, BELOW),
    ("mysql", "mysql", "9.1.0", "8.4.7", DATA_LOSS, BELOW),
    ("cloudnative-pg", "harbor.example.internal/postgresql", "18.6-system-trixie", "17.6-system-trixie", DATA_LOSS, "refuses to go"),
    ("redis", REDIS, "8.2.3-bookworm", "8.2.3-alpine", DOWNTIME, "its only pod restarts"),
    ("valkey", VALKEY, "9.1.0", "9.1.1", DOWNTIME, "its only pod restarts"),
    ("valkey", VALKEY, "8.1.8", "9.1.0", DOWNTIME, "its only pod restarts"),
    ("valkey", VALKEY, "9.1.0", "8.1.8", DATA_LOSS, BELOW),
    ("valkey", VALKEY, "8.1.8", "7.2.11", DATA_LOSS, BELOW),
    ("cloudnative-pg", CNPG, "18.6-system-trixie", "18.7-system-trixie", DOWNTIME, "only instance"),
    ("cloudnative-pg", CNPG, "17.6-system-trixie", "18.6-system-trixie", DOWNTIME, "runs pg_upgrade"),
    ("cloudnative-pg", CNPG, "16.9-system-trixie", "18.6-system-trixie", DOWNTIME, "runs pg_upgrade"),
    ("cloudnative-pg", CNPG, "18.6-system-trixie", "17.6-system-trixie", DATA_LOSS, "refuses to go"),
    ("cloudnative-pg", CNPG, "18.6-system-bookworm", "18.6-system-trixie", DATA_LOSS, TEXT),
    ("cloudnative-pg", CNPG, "17.6-system-bookworm", "18.6-system-trixie", DATA_LOSS, TEXT),
    ("cloudnative-pg", CNPG, "17.6-system-bookworm", "18.6-system-trixie", DATA_LOSS, "runs pg_upgrade"),
    ("kubeflow-pipelines", KFP, "2.14.3", "2.17.0", DOWNTIME, "shrinks columns"),
    ("kubeflow-pipelines", KFP, "2.17.0", "2.15.2", DOWNTIME, "may not run on a database"),
    ("mlflow", MLFLOW, "v3.17.2-full", "v3.17.3-full", RESTART, "replaced one after the other"),
    ("mlflow", MLFLOW, "v3.17.2-full", "v3.17.1-full", RESTART, "replaced one after the other"),
    ("mlflow", MLFLOW, "v3.10.0-full", "v3.17.2-full", DOWNTIME, "cannot be undone"),
    ("mlflow", MLFLOW, "v3.17.2-full", "v4.0.0-full", DOWNTIME, "cannot be undone"),
    ("mlflow", MLFLOW, "v3.17.2-full", "v3.10.0-full", DATA_LOSS, "refuses the schema"),
    ("mlflow", MLFLOW, "v3.17.2-full", "v3.16.0-full", DATA_LOSS, "refuses the schema"),
    ("mlflow", "registry.example.internal/mlflow", "3.16.0", "3.17.2", DOWNTIME, "cannot be undone"),
    ("lakefs", LAKEFS, "1.84.0", "1.84.1", RESTART, "replaced one after the other"),
    ("lakefs", LAKEFS, "1.84.0", "1.85.0", RESTART, "replaced one after the other"),
    ("lakefs", LAKEFS, "1.84.0", "1.70.0", DOWNTIME, "may not run on a database"),
    ("minio", MINIO, "RELEASE.2025-09-07T16-13-09Z", "RELEASE.2025-10-01T00-00-00Z", DOWNTIME,
     "its only pod restarts"),
    ("minio", MINIO, "RELEASE.2025-09-07T16-13-09Z", "RELEASE.2024-09-07T16-13-09Z", DOWNTIME,
     "unknown"),
    ("seaweedfs", WEED, "4.34", "4.35", DOWNTIME, "its only pod restarts"),
    ("seaweedfs", WEED, "4.34", "3.99", DOWNTIME, "unknown"),
)  # fmt: skip
# type, section before, section after, the least risk, and the words of the reason.
SECTIONS = (
    ("redis", "persistence: rdb", "persistence: aof", DATA_LOSS, "snapshot is ignored"),
    ("redis", "persistence: aof", "persistence: rdb", DATA_LOSS, "log is ignored"),
    ("redis", "persistence: aof", "persistence: none", DATA_LOSS, "not read any more"),
    ("redis", "persistence: rdb", "persistence: none", DATA_LOSS, "not read any more"),
    ("redis", "persistence: none", "persistence: aof", DOWNTIME, ""),
    ("valkey", "persistence: rdb", "persistence: aof", DATA_LOSS, "snapshot is ignored"),
    ("valkey", "persistence: aof", "persistence: rdb", DATA_LOSS, "log is ignored"),
    ("valkey", "persistence: aof", "persistence: none", DATA_LOSS, "not read any more"),
    ("postgres", "storage: 40Gi", "storage: 20Gi", DATA_LOSS, "can't shrink"),
    ("postgres", "storage: 20Gi", "storage: 40Gi", DOWNTIME, "never changes in place"),
    ("postgres", "maxConnections: 100", "maxConnections: 200", DOWNTIME, "its only pod restarts"),
    ("mysql", "storage: 40Gi", "storage: 20Gi", DATA_LOSS, "can't shrink"),
    ("cloudnative-pg", "storage: 40Gi", "storage: 20Gi", DATA_LOSS, "can't shrink"),
    ("cloudnative-pg", "replicas: 3", "replicas: 1", RELOAD, "replicas come or go"),
    ("minio", "replicas: 4", "replicas: 8", DATA_LOSS, "looks? for its data elsewhere"),
    ("seaweedfs", "storage: 20Gi", "storage: 5Gi", DATA_LOSS, "can't shrink"),
    (
        "kubeflow-pipelines",
        f'metadataImage: "{METADATA}:1.13.0"',
        f'metadataImage: "{METADATA}:1.14.0"',
        DOWNTIME,
        "migrates",
    ),
    (
        "kubeflow-pipelines",
        f'metadataImage: "{METADATA}:1.14.0"',
        f'metadataImage: "{METADATA}:1.13.0"',
        DATA_LOSS,
        "refuses a database",
    ),
    ("mlflow", "bucket: one-bucket", "bucket: another-bucket", DATA_LOSS, "without the data"),
    ("mlflow", "database: one", "database: another", DATA_LOSS, "without the data"),
    ("feast", "project: one", "project: another", DATA_LOSS, "which data"),
)


def test_there_are_sixty_labelled_changes() -> None:
    assert len(IMAGES) + len(SECTIONS) >= 60
    assert {type for type, *_ in IMAGES} <= set(registry.builtin_types())


NEEDS = {
    "kubeflow-pipelines": "    seaweedfs: {}\n    mysql: {}\n    postgres: {}\n    argo-workflows: {}\n",
    "mlflow": "    seaweedfs: {}\n    postgres: {}\n",
    "lakefs": "    seaweedfs: {}\n    postgres: {}\n",
    "feast": "    seaweedfs: {}\n    postgres: {}\n    redis: {}\n",
}


@cache
def compiled(type: str, section: str) -> Compilation:
    text = f"{HEAD}{NEEDS.get(type, '')}    {type}: {{{section}}}\n"
    result = compile_spec(text.encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    return result


def judged(type: str, before: str, after: str) -> list[Change]:
    changes = compare(compiled(type, before), compiled(type, after))
    return [change for change in changes if change.component == type]


def check(changes: list[Change], least: Risk, words: str) -> None:
    assert max(change.risk for change in changes) == least, changes
    reasons = " ".join(
        judgement.reason for rated_change in changes for judgement in rated_change.judgements
    )
    assert re.search(words, reasons), reasons


@pytest.mark.parametrize("row", IMAGES, ids=lambda row: " ".join((row[0], *row[2:4])))
def test_a_step_of_an_image(row: tuple[str, str, str, str, Risk, str]) -> None:
    type, repository, before, after, least, words = row
    images = [f'image: "{repository}:{tag}"' for tag in (before, after)]
    check(judged(type, *images), least, words)


@pytest.mark.parametrize("row", SECTIONS, ids=lambda row: ": ".join(row[:3]))
def test_a_step_of_a_section(row: tuple[str, str, str, Risk, str]) -> None:
    type, before, after, least, words = row
    check(judged(type, before, after), least, words)


def test_every_way_to_go_on_is_said() -> None:
    for type in registry.builtin_types():
        for boundary in registry.versions(type).boundaries:
            long_step = boundary.long_step.crossing if boundary.long_step else None
            for crossing in (boundary.up, boundary.down, long_step):
                assert crossing is None or crossing.remedy


# Tags ------------------------------------------------------------------------------------------

TAGS = (
    ("postgres", f"{POSTGRES}:17", "floating-tag"),
    ("postgres", "postgres:17-bookworm", "floating-tag"),
    ("postgres", "postgres:17.9", "floating-tag"),
    ("postgres", "postgres:17.9-bookworm", None),
    ("postgres", "postgres:17@sha256:" + "0" * 64, None),
    ("postgres", "registry.example.internal/postgres:17", None),  # how that one is kept is unknown
    ("postgres", "postgres:17.9-alpine", "unfit-version"),
    ("postgres", "postgres:13.4-bookworm", "unfit-version"),
    ("redis", "redis:7", "floating-tag"),
    ("redis", "redis:7.4-alpine", "floating-tag"),
    ("redis", "redis:7.4.3", None),
    ("valkey", "valkey/valkey:9", "floating-tag"),
    ("valkey", "valkey/valkey:9.1", "floating-tag"),
    ("valkey", "valkey/valkey:9.1.0", None),
    ("mysql", "mysql:8", "floating-tag"),
    ("mysql", "mysql:8.4", "floating-tag"),
    ("mysql", "mysql:lts", "floating-tag"),
    ("mysql", "mysql:8.4.7", None),
    ("mysql", "mysql:5.7.44", "unfit-version"),
    ("cloudnative-pg", f"{CNPG}:18", "floating-tag"),
    ("cloudnative-pg", f"{CNPG}:18-system-trixie", "floating-tag"),
    ("cloudnative-pg", f"{CNPG}:18.6-system-trixie", None),
    ("cloudnative-pg", f"{CNPG}:13.22-system-bookworm", None),
    ("cloudnative-pg", "registry.example.internal/postgresql:12.22", "unfit-version"),
    ("mlflow", f"{MLFLOW}:v2.22.0", "unfit-version"),
    ("mlflow", f"{MLFLOW}:v2.22.0-full", "gone-image"),
    ("mlflow", f"{MLFLOW}:v2.15.1-full", "gone-image"),
    ("mlflow", f"{MLFLOW}:v3.5.0-full", "gone-image"),
    ("mlflow", f"{MLFLOW}:v3.8.1-full", "gone-image"),
    ("mlflow", f"{MLFLOW}:v3.9.0-full", None),
    ("mlflow", f"{MLFLOW}:v3.10.0-full", None),
    ("mlflow", f"{MLFLOW}:v3.17.2", "unfit-version"),
    ("pgbouncer", "docker.io/edoburu/pgbouncer:v1.20.1-p0", "unfit-version"),
    ("minio", "docker.io/minio/minio:RELEASE.2025-09-07T16-13-09Z", "gone-image"),
)  # fmt: skip


@pytest.mark.parametrize(("type", "image", "code"), TAGS)
def test_a_tag(type: str, image: str, code: str | None) -> None:
    needs = NEEDS.get(type, "    postgres: {}\n" if type == "pgbouncer" else "")
    text = f'{HEAD}{needs}    {type}: {{image: "{image}"}}\n'
    report = compile_spec(text.encode(), "platform.yaml").report
    assert [
        diagnostic.code for diagnostic in report.diagnostics if diagnostic.severity == "error"
    ] == [code] * bool(code)


@pytest.mark.parametrize(("type", "image", "code"), TAGS)
def test_a_help_names_a_tag_that_compiles(type: str, image: str, code: str | None) -> None:
    row = registry.versions(type).verdict(image, "moves", "unfit", "gone")
    if row is None:
        return
    tags = re.findall(r"`([\w.-]*\d[\w.-]*)`", row.help)
    for tag in tags:
        named = f"{image.partition(':')[0]}:{tag}"
        assert registry.versions(type).verdict(named, "moves", "unfit", "gone") is None, named


def test_three_instances_of_one_image_are_one_note() -> None:
    image = '"docker.io/library/postgres:18.1-bookworm"'
    text = "".join(f"    db{n}: {{type: postgres, image: {image}}}\n" for n in range(3))
    (note,) = compile_spec(f"{HEAD}{text}".encode(), "platform.yaml").report.diagnostics
    assert note.code == "untried-version"
    assert len(note.related) == 2


# The page --------------------------------------------------------------------------------------


def page() -> str:
    """docs/versions.md, as the rows say it."""
    kinds = {
        "works": "ran here",
        "unfit": "does not fit",
        "gone": "cannot be pulled",
        "moves": "moves",
    }
    lines = [
        "# Versions: known facts about each image",
        "",
        "This page is for engineers who choose or upgrade an image. It lists the tags that work, move or are gone, and",
        "the effect of steps between versions on data. Each row names its source and the date of the source. If no row",
        "covers a version, platformc reports [untried-version](diagnostics/untried-version.md). The objects of a",
        "component are made for the version in its default image.",
        "",
        "`tests/test_versions.py` generates this page from the rows in the components' folders, and compares them.",
        "",
        "## Tags",
        "",
        "| component | image and tags (a pattern) | verdict | reason | alternative | source |",
        "|---|---|---|---|---|---|",
    ]
    versions_by_type = [(type, registry.versions(type)) for type in registry.builtin_types()]
    lines += [
        tag_line(type, row, kinds) for type, versions in versions_by_type for row in versions.tags
    ]
    lines += [
        "",
        "## Steps",
        "",
        "| component | part of the tag | to a newer version | to an older version | source |",
        "|---|---|---|---|---|",
    ]
    lines += [line for type, versions in versions_by_type for line in steps(type, versions)]
    lines += ["", "## Kubernetes", "", "| component | oldest release | source |", "|---|---|---|"]
    lines += [
        f"| `{type}` | 1.{oldest.minor} | {oldest.source} |"
        for type in registry.builtin_types()
        if (actual := registry.component(type)) and (oldest := actual.OLDEST_KUBERNETES).minor
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def tag_line(type: str, row: Tags, kinds: dict[str, str]) -> str:
    pattern = row.pattern.replace("|", "\\|")
    cells = (f"`{type}`", f"`{row.repository}:{pattern}`", kinds[row.verdict], row.reason, row.help)
    return f"| {' | '.join(cells)} | {row.source.name}, {row.source.date} |"


def steps(type: str, versions: Versions) -> list[str]:
    lines = []
    for row in versions.boundaries:
        part = row.part.replace("|", "\\|")
        if row.targets != ".*":
            part += "`, to `" + row.targets.replace("|", "\\|")
        words = [
            f"{judgement.risk}: {judgement.reason}" if judgement else ""
            for judgement in (row.up, row.down)
        ]
        lines.append(
            f"| `{type}` | `{part}` | {words[0]} | {words[1]} | {row.source.name}, {row.source.date} |"
        )
        if row.long_step is not None:
            crossing, source = row.long_step.crossing, row.long_step.source
            pattern = row.long_step.pattern.replace("|", "\\|")
            lines.append(
                f"| `{type}` | a step like `{pattern}` | {crossing.risk}: {crossing.reason} | | {source.name}, {source.date} |"
            )
    for setting in versions.settings:
        step = f"`{setting.field}` from {setting.before} to {setting.after}".replace("|", " or ")
        crossing = setting.crossing
        lines.append(
            f"| `{type}` | {step} | {crossing.risk}: {crossing.reason} | | {setting.source.name}, {setting.source.date} |"
        )
    return lines


def test_the_page_has_every_row(request: pytest.FixtureRequest) -> None:
    if request.config.option.update_snapshots:
        DOCS.write_text(page(), encoding="utf-8")
    assert DOCS.read_text(encoding="utf-8") == page()


def test_every_row_names_a_source_and_its_date() -> None:
    for type in registry.builtin_types():
        versions = registry.versions(type)
        sources = [row.source for row in versions.tags]
        sources += [row.source for row in versions.boundaries]
        sources += [row.source for row in versions.settings]
        sources += [row.long_step.source for row in versions.boundaries if row.long_step]
        for source in sources:
            assert source.name
            assert re.fullmatch(r"20\d\d-\d\d", source.date)
