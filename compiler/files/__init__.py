"""The one module that touches the disk.

A tree may have been written by somebody hostile, and may change while it is read. So a path is taken
below a folder that is held by its descriptor, part by part, and a link on the way is refused, not
followed. Only regular files are read, up to a bound. A file is made under a new name, exclusively
and with its mode, and then renamed to where it belongs: what stands there is never written through.
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
