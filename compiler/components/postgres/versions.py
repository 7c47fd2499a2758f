"""State the known facts about docker.io/library/postgres."""

from compiler.model.versions import Boundary, Crossing, Source, Tags, Versions

_DOCKERFILES = Source("docker-library/postgres, Dockerfiles", "2026-11")
_SUPPORT = Source("postgresql.org/support/versioning", "2026-11")
_COLLATIONS = Source("docker-library/postgres#1356", "2025-08")
_RAN = Source("PostgreSQL 15.18 and 18.6, each on the data directory of the other", "2026-11")
_REFUSED = "PostgreSQL {new} does not start on the data directory of {old}"
_UP = Crossing(
    "data loss",
    True,
    _REFUSED,
    "add an instance with {new}, and move to it: platformc move prints the plan",
)
_DOWN = Crossing(
    "data loss", True, _REFUSED,
    "stay on {old}, or restore a copy that {new} has made: platformc restore prints the plan",
)  # fmt: skip
_OTHER_LIBRARY = Crossing(
    "data loss",
    True,
    "the C library of {new} sorts text otherwise than that of {old}: indexes on text miss rows, and "
    "unique ones take duplicates",
    "stop the writers, change the image, then in each database REINDEX DATABASE and ALTER DATABASE ... "
    "REFRESH COLLATION VERSION",
)
SUITE = r"-(bullseye|bookworm|trixie|alpine)"
VERSIONS = Versions(
    tags=(
        Tags(
            "unfit", "postgres", r".*alpine.*",
            "runs as user 70, and the volume belongs to 999",
            _DOCKERFILES, "use a Debian tag, such as `17.9-bookworm`",
        ),
        Tags(
            "unfit", "postgres", r"(9|1[0-3])(\.|-|$).*",
            "is of a major version without fixes", _SUPPORT, "use 14 or newer",
        ),
        Tags(
            "moves", "library/postgres", r"\d+(-(bullseye|bookworm|trixie))?",
            "names a major version alone: a restart can be an upgrade",
            _COLLATIONS, "name the whole version and the Debian release, such as `17.9-bookworm`",
        ),
        Tags(
            "moves", "library/postgres", r"\d+\.\d+",
            "names no Debian release, and moved from Debian 12 to 13 in 2025: it sorts text differently",
            _COLLATIONS, "name the Debian release too, such as `17.9-bookworm`",
        ),
        Tags("works", "postgres", r"(15\.18|18\.6)(-.*)?", "", _RAN),
    ),
    boundaries=(
        Boundary("postgres", r"^(\d+)", "StatefulSet", _UP, _DOWN, _RAN),
        Boundary(
            "postgres", SUITE, "StatefulSet", _OTHER_LIBRARY, _OTHER_LIBRARY, _COLLATIONS,
            missing="the newest Debian",
        ),
    ),
)  # fmt: skip
