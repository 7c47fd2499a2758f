"""A component, workload or model of the spec."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

from compiler.document import Path
from compiler.spec.settings import Settings

S_co = TypeVar("S_co", covariant=True)

# The prefix of the compiler's own labels and annotations.
PREFIX = "platformc.dev"
# The start of the labels of pods that use an offer.
USES = f"uses.{PREFIX}/"
# The annotation with the effect of a restore on existing data.
REPLACES = f"{PREFIX}/replaces"


class Instance(Struct, Generic[S_co], frozen=True):
    """A component, workload or model of one environment, with the platform's settings."""

    name: str
    section: str  # components, workloads, models
    type: str
    namespace: str
    spec: S_co
    platform: str
    settings: Settings
    declared: Path | None = None  # the path of the component that declared it

    @property
    def path(self) -> Path:
        """Its path in the spec, which is only nominal for an instance that another one declares."""
        return ("spec", self.section, self.name)

    def host(self, service: str | None = None) -> str:
        """The cluster DNS name of one of its Services; by default the one for its clients."""
        domain = self.settings.cluster.domain
        return f"{service or self.service}.{self.namespace}.svc.{domain}"

    @property
    def service(self) -> str:
        """The Service by which clients reach it: its own, or an existing one that it adopts."""
        adopted = getattr(self.spec, "adopt", None)
        return (adopted.service if adopted else None) or self.name

    @property
    def route(self) -> str:
        """Its host under the platform's domain."""
        return f"{self.name}.{self.settings.domain}"

    @property
    def public_host(self) -> str | None:
        """The host of its page, if the spec names one."""
        host: str | None = getattr(self.spec, "public_host", None)
        return host

    @property
    def source(self) -> Path:
        """The path of the part of the spec from which it follows."""
        return self.declared or self.path
