"""Choose requests and limits of a container: the user's amounts, else the component's defaults."""

from __future__ import annotations

from compiler.model.manifest import Manifest
from compiler.spec import quantity
from compiler.spec.component import Amounts, Resources
from compiler.spec.tenant import Gpus


def resources(
    amounts: Resources, *, cpu: str, memory: str, cpu_limit: str, memory_limit: str,
    disk: str = "256Mi", disk_limit: str = "2Gi", gpus: Gpus | None = None,
) -> Manifest:  # fmt: skip
    """Requests and limits: the user's amounts, else the defaults given here.

    If the user sets only the request or only the limit, the other one moves with it, so that a
    request never exceeds its limit.
    """
    defaults = {
        "cpu": (cpu, cpu_limit),
        "memory": (memory, memory_limit),
        "ephemeral-storage": (disk, disk_limit),
    }
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    for key, (low, high) in defaults.items():
        request, limit = _amount(amounts.requests, key), _amount(amounts.limits, key)
        requests[key] = request or quantity.canonical(_smaller(low, limit) if limit else low)
        limits[key] = limit or quantity.canonical(_larger(high, request) if request else high)
    manifest: Manifest = {"requests": requests, "limits": limits}
    if gpus is not None:
        limits[gpus.resource] = requests[gpus.resource] = str(gpus.count)
    return manifest


def _amount(amounts: Amounts, key: str) -> str | None:
    return {
        "cpu": amounts.cpu,
        "memory": amounts.memory,
        "ephemeral-storage": amounts.ephemeral_storage,
    }[key]


def _smaller(amount: str, bound: str) -> str:
    return min(amount, bound, key=quantity.amount)


def _larger(amount: str, bound: str) -> str:
    return max(amount, bound, key=quantity.amount)
