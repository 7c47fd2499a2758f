"""What a component's module has, and what it lowers to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from compiler.model.binding import Claims, Offers
from compiler.model.credential import Credential
from compiler.model.graph import Wiring
from compiler.model.metrics import Metrics
from compiler.model.resource import (
    ConfigFiles,
    Egress,
    Ingress,
    InternalTraffic,
    OperatorPods,
    Phase,
    Resource,
)
from compiler.spec.component import InstanceSpec

Piece = (
    Resource | ConfigFiles | InternalTraffic | Egress | Ingress | OperatorPods | Credential | Metrics
)  # fmt: skip


class Component(Protocol):
    """What a component's module has: four names, and its phase in the order of delivery."""

    @property
    def PHASE(self) -> Phase: ...
    @property
    def Spec(self) -> type[InstanceSpec]: ...
    @property
    def claims(self) -> Callable[[Any], Claims]: ...
    @property
    def offers(self) -> Callable[[Any], Offers]: ...
    @property
    def lower(self) -> Callable[[Any, Wiring], Iterable[Piece]]: ...
