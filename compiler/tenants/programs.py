"""The programs of an instance: a model and its transformer have different bindings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compiler.model import Endpoint, Instance, Path, Wiring
from compiler.tenants import model as served_model


def programs(instance: Instance[Any]) -> tuple[tuple[Path, Any], ...]:
    """The section of each program, with its path below the instance; the main program is at the front."""
    main: tuple[Path, Any] = ((), instance.spec)
    transformer = getattr(instance.spec, "transformer", None)
    return (main,) if transformer is None else (main, (("transformer",), transformer))


def endpoints(path: Path, instance: Instance[Any], wiring: Wiring) -> Iterable[Endpoint[Any, Any]]:
    """The endpoints of the program at a path below the instance; a workload has that of the system that runs it too."""
    if instance.section != "models":
        return wiring.endpoints
    return served_model.used_by_transformer(wiring) if path else served_model.used(wiring)
