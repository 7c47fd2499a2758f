"""State the known facts about the images of Redis and Valkey: file formats, and tags that move."""

from compiler.model.versions import Boundary, Crossing, Setting, Source, Tags, Versions

_RAN = Source("Redis 7.0.15 on a snapshot of Valkey 8.1.8; redis/redis#14064", "2026-11")
_TAGS = Source("docker-library/redis and valkey-container, READMEs of the images", "2026-11")
_DOWN = Crossing(
    "data loss",
    True,
    "{new} does not start on the snapshot or log that {old} wrote: its format is newer",
    "make a new instance of {new}, and copy the keys by DUMP and RESTORE or let the clients fill it",
)


_STARTED = Source("Redis 7.0.15 and Valkey 8.1.8, started on each other's files", "2026-11")


def _unread(before: str, after: str, reason: str, remedy: str) -> Setting:
    return Setting(
        "persistence", before, after, Crossing("data loss", True, reason, remedy), _STARTED
    )


SETTINGS = (
    _unread(
        "rdb", "aof",
        "with a log the server starts from the log alone: there is none yet, and the snapshot is ignored",
        "CONFIG SET appendonly yes on the running server, wait until aof_rewrite_in_progress of INFO is 0, "
        "then apply",
    ),
    _unread(
        "aof", "rdb", "without a log the server starts from the snapshot alone, and the log is ignored",
        "SAVE on the running server, then apply",
    ),
    _unread("aof|rdb", "none", "what is on disk is not read any more", "let the clients fill it anew"),
)  # fmt: skip


def versions(repository: str, example: str) -> Versions:
    return Versions(
        tags=(
            Tags(
                "moves", repository, r"\d+(\.\d+)?(-[a-z]+[\d.]*)?",
                "names a series alone: a restart can be an upgrade",
                _TAGS, f"name the whole version, such as `{example}`",
            ),
        ),
        boundaries=(Boundary(repository, r"^(\d+)\.(\d+)", "StatefulSet", None, _DOWN, _RAN),),
        settings=SETTINGS,
    )  # fmt: skip
