"""Read and write the disk safely; no other package touches it.

An attacker may have written the tree, and may change it during a read. So each part of a path is opened
below a folder that is held by its descriptor, and a link on the way is refused, not followed. Only regular
files are read, up to a bound. A new file gets another name first, exclusively and with its mode, and is
then renamed: an existing file or link at its path is replaced, never written through.
"""

from compiler.files.errors import UnsafePathError, sentence
from compiler.files.folder import MOST_BYTES, Folder
from compiler.files.named import (
    home,
    is_folder,
    is_link,
    is_there,
    located,
    open_folder,
    owner,
    private,
    read_named,
    real,
)
from compiler.files.packaged import (
    is_packaged,
    packaged,
    packaged_files,
    packaged_names,
    packaged_time,
)

__all__ = (
    "MOST_BYTES",
    "Folder",
    "UnsafePathError",
    "home",
    "is_folder",
    "is_link",
    "is_packaged",
    "is_there",
    "located",
    "open_folder",
    "owner",
    "packaged",
    "packaged_files",
    "packaged_names",
    "packaged_time",
    "private",
    "read_named",
    "real",
    "sentence",
)  # fmt: skip
