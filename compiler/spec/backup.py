"""The language of `backup`: copies of databases and object stores."""

from typing import Annotated, ClassVar

from pydantic import Field

from compiler.spec.constraints import Exact
from compiler.spec.section import Section
from compiler.spec.types import Bucket, Image, Name, Schedule

RCLONE = "docker.io/rclone/rclone:1.71.2"
# Up to 273 years: Barman and the scripts of copies subtract an age from the time of day, and Python has no date before year 1.
Age = Annotated[str, Exact(r"[1-9][0-9]{0,4}d|[1-9][0-9]{0,3}w")]


class Backup(Section):
    """Copies of every database and object store, in another store."""

    to: Name = Field(description="The object store that keeps the copies.")
    schedule: Schedule = Field(default="0 2 * * *", description="A cron expression, in UTC.")
    keep: Age = Field(default="30d", description="How long a copy is kept, like `30d` or `4w`.")
    drill: Schedule | None = Field(
        default="0 5 * * 0", description="When a copy is restored to scratch and compared, in UTC."
    )
    encrypt: bool = Field(
        default=False, description="Encrypt copies with the key in the Secret `<name>-backup-key`."
    )
    image: Image = Field(default=RCLONE, description="The image of rclone, which moves copies.")


class OwnBackup(Section):
    """Backups of one instance."""

    # Whether copies are made without `spec.backup` too.
    complete: ClassVar[bool] = False

    schedule: Schedule | None = Field(default=None, description="Default: the platform's.")
    keep: Age | None = Field(default=None, description="Default: the platform's.")
    bucket: Bucket | None = Field(default=None, description="Default: `<name>-backups`.")
    none: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="Make no copies, for this reason."
    )


def days(age: str) -> int:
    """An age in days."""
    return int(age[:-1]) * (7 if age.endswith("w") else 1)
