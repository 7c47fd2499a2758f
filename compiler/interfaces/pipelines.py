"""Kubeflow Pipelines: an API to which its SDK submits pipelines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from compiler import model
from compiler.model import Env


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(model.Claim):
    """Asks nothing more than to be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(model.Offer):
    """The API server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(model.Endpoint):
    """Where the API server is."""

    interface: ClassVar[str] = "pipelines"
    one_per_pod: ClassVar[bool] = True

    def env(self) -> tuple[Env, ...]:
        """What `kfp.Client()` reads when it is told nothing."""
        return (Env("KF_PIPELINES_ENDPOINT", f"http://{self.host}:{self.port}"),)
