"""The language: copies of what the systems of record hold."""

from typing import Annotated

from pydantic import Field

from compiler.spec.constraints import exact
from compiler.spec.section import Section
from compiler.spec.types import Bucket, Image, Name, Schedule

RCLONE = "docker.io/rclone/rclone:1.71.2"
Age = Annotated[str, Field(pattern=exact(r"[1-9][0-9]*[dw]"))]


class Backup(Section):
    """Copies of every database and object store, in another store."""

    to: Annotated[Name, Field(description="The object store that keeps the copies.")]
    schedule: Annotated[Schedule, Field(description="A cron expression, in UTC.")] = "0 2 * * *"
    keep: Annotated[Age, Field(description="How long a copy is kept, like `30d` or `4w`.")] = "30d"
    drill: Annotated[
        Schedule | None,
        Field(description="When a copy is restored to scratch databases and compared, in UTC."),
    ] = "0 5 * * 0"
    encrypt: Annotated[
        bool,
        Field(description="Encrypt copies with the key in the Secret `<name>-backup-key`."),
    ] = False
    image: Annotated[Image, Field(description="The image of rclone, which moves copies.")] = RCLONE


class OwnBackup(Section):
    """What differs for one instance."""

    schedule: Annotated[Schedule | None, Field(description="Default: the platform's.")] = None
    keep: Annotated[Age | None, Field(description="Default: the platform's.")] = None
    bucket: Annotated[Bucket | None, Field(description="Default: `<name>-backups`.")] = None
    none: Annotated[
        Annotated[str, Field(min_length=1)] | None,
        Field(description="Make no copies, for this reason."),
    ] = None


def days(age: str) -> int:
    """An age in days."""
    return int(age[:-1]) * (7 if age.endswith("w") else 1)
