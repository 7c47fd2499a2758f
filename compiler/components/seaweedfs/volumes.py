"""The division of SeaweedFS' disks into volumes.

Each bucket is a collection with separate volumes, and the filer keeps its log in another one. A
server has as many volumes as fit its free disk, less one (seaweedfs 4.34, weed/storage/store.go,
MaybeAdjustVolumeMax); a bucket whose collection gets none answers 500 to every PUT. A collection
begins with seven volumes by default (weed/topology/volume_growth.go, copy_1), or with six of two
copies each (copy_2).
"""

from __future__ import annotations

from compiler.spec.quantity import MIB

SMALLEST, LARGEST = 16, 1024  # MiB of a volume
EACH = 4  # volumes that every collection can have before the disk is full
# The usable part of an ext4 disk: 5 % are reserved for root, and 2 % are tables.
USABLE = 0.93
# At the start of each collection, and whenever its volumes are nearly full.
GROWTH = "1"


def limit(storage: int, buckets: int, servers: int = 1, copies: int = 1) -> int:
    """The size in MiB at which a volume is full: a power of two, so that it seldom changes."""
    size = LARGEST
    while size > SMALLEST and count(storage, size, servers, copies) < EACH * (buckets + 1):
        size //= 2
    return size


def count(storage: int, size: int, servers: int, copies: int) -> int:
    """The number of volumes, with their copies, for which the servers have room after the loss of one."""
    return slots(storage, size) * (servers - 1 or 1) // copies


def slots(storage: int, size: int) -> int:
    """The number of volumes of a size that fit on a disk."""
    return int(storage * USABLE) // (size * MIB) - 1


def needed(buckets: int, servers: int = 1, copies: int = 1) -> int:
    """The smallest disk on which every bucket has a volume, and one more to grow."""
    volumes = -(-2 * (buckets + 1) * copies // (servers - 1 or 1)) + 1
    return -(-int(volumes * SMALLEST / USABLE + 1) // SMALLEST) * SMALLEST * MIB
