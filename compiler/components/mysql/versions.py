"""State the known facts about docker.io/library/mysql."""

from compiler.model.versions import Boundary, Crossing, LongStep, Source, Tags, Versions

_ISSUE = Source("docker-library/mysql#1007, MySQL's own message", "2024-01")
_MANUAL = Source("MySQL 8.4 manual, 3.2 and 3.3", "2026-11")
_DOWNGRADES = Source("MySQL 8.0 manual, 4 Downgrading MySQL", "2026-11")
_TRANSITIONS = Source(
    "mysql-server, sql/dd/impl/bootstrap: bootstrapper.cc, and server_version_transition.cc since 26.7",
    "2026-11",
)
_TAGS = Source("docker-library/mysql, README of the image", "2026-11")
_UP = Crossing(
    "downtime",
    False,
    "MySQL {new} upgrades the data of {old} at its first start, and {old} never starts on it again",
    "take a backup first",
)
# After 9.7 comes 26.7: since then a release is named by its year and month.
_LONG_STEPS = r"8\.[0-3] to 9\..*|(8\.\d+|9\.[0-6]) to \d\d\..*"
_SKIPS = Crossing(
    "data loss", True,
    "MySQL {new} does not start on the data of {old}: it upgrades that of the LTS series before it alone",
    "go by each LTS series: 8.4 before 9, the last 9.7 before 26, with a start of the server on each; "
    "or add an instance with {new}, and move to it: platformc move prints the plan",
)  # fmt: skip
_DOWN = Crossing(
    "data loss", True, "MySQL {new} does not start on the data of {old}: a downgrade stays within a series",
    "dump the databases, empty the volume, start {new} and restore",
)  # fmt: skip
# Its message: Cannot boot server version 80034 on data directory built by version 80035.
_DOWN_PATCH = Crossing(
    "data loss", True, "MySQL {new} does not start on the data of {old}: MySQL 8.0 goes back to 8.0.35 at most",
    "stay on 8.0.35 or newer; or dump the databases, empty the volume, start {new} and restore",
)  # fmt: skip
VERSIONS = Versions(
    tags=(
        Tags(
            "moves", "library/mysql", r"\d+(\.\d+)?(-.*)?|lts|innovation",
            "names a series alone: a restart can be an upgrade",
            _TAGS, "name the whole version, such as `8.4.7`",
        ),
        Tags(
            "unfit", "mysql", r"5\..*", "is of a series without fixes, and lacks options that platformc uses",
            _MANUAL, "use 8.4.7",
        ),
    ),
    boundaries=(
        Boundary(
            "mysql", r"^(\d+)\.(\d+)", "StatefulSet", _UP, _DOWN, _ISSUE,
            long_step=LongStep(_LONG_STEPS, _SKIPS, _TRANSITIONS),
        ),
        Boundary(
            "mysql", r"^(8)\.(0)\.(\d+)", "StatefulSet", None, _DOWN_PATCH, _DOWNGRADES,
            targets=r"8\.0\.([12]?\d|3[0-4])",
        ),
    ),
)  # fmt: skip
