"""A component, workload or model that the spec declares."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

from compiler.document import Path
from compiler.spec.settings import Settings

S_co = TypeVar("S_co", covariant=True)

# The prefix of the compiler's own labels and annotations.
PREFIX = "platformc.dev"


class Instance(Struct, Generic[S_co], frozen=True):
    """A component, workload or model of one environment, with the platform around it."""

    name: str
    section: str  # components, workloads, models
    type: str
    namespace: str
    spec: S_co
    platform: str
    settings: Settings
    declared: Path | None = None  # of the component that brought it along

    @property
    def path(self) -> Path:
        """Where the spec declares it."""
        return ("spec", self.section, self.name)

    def host(self, service: str | None = None) -> str:
        """The cluster DNS name of one of its Services; by default the one named like itself."""
        domain = self.settings.cluster.domain
        return f"{service or self.name}.{self.namespace}.svc.{domain}"

    @property
    def route(self) -> str:
        """The host under the platform's domain at which people reach it."""
        return f"{self.name}.{self.settings.domain}"
