"""Requests and limits of a container: the user's amounts over the component's own."""

from __future__ import annotations

from compiler.model.resource import Manifest
from compiler.spec import quantity
from compiler.spec.component import Amounts, Resources

GPU = "nvidia.com/gpu"


def resources(
    wanted: Resources, *, cpu: str, memory: str, cpu_limit: str, memory_limit: str,
    disk: str = "256Mi", disk_limit: str = "2Gi", gpu: int = 0,
) -> Manifest:  # fmt: skip
    """Requests and limits: the user's amounts over the component's own.

    An amount set on one side alone moves the other with it, so that a request stays within its
    limit.
    """
    defaults = {
        "cpu": (cpu, cpu_limit),
        "memory": (memory, memory_limit),
        "ephemeral-storage": (disk, disk_limit),
    }
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    for key, (low, high) in defaults.items():
        asked, bound = _amount(wanted.requests, key), _amount(wanted.limits, key)
        requests[key] = asked or quantity.canonical(_smaller(low, bound) if bound else low)
        limits[key] = bound or quantity.canonical(_larger(high, asked) if asked else high)
    made: Manifest = {"requests": requests, "limits": limits}
    if gpu:
        limits[GPU] = requests[GPU] = str(gpu)
    return made


def _amount(amounts: Amounts, key: str) -> str | None:
    return {
        "cpu": amounts.cpu,
        "memory": amounts.memory,
        "ephemeral-storage": amounts.ephemeral_storage,
    }[key]


def _smaller(one: str, other: str) -> str:
    return min(one, other, key=quantity.amount)


def _larger(one: str, other: str) -> str:
    return max(one, other, key=quantity.amount)
