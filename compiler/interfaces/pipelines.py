"""Kubeflow Pipelines: an API to which its SDK submits pipelines."""

from __future__ import annotations

from typing import ClassVar

from compiler import model
from compiler.model import Env


class Claim(model.Claim, frozen=True, kw_only=True):
    """Asks nothing more than to be reached."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """The API server."""


class Endpoint(model.Endpoint, frozen=True, kw_only=True):
    """Where the API server is."""

    interface: ClassVar[str] = "pipelines"
    one_per_pod: ClassVar[bool] = True

    def env(self) -> tuple[Env, ...]:
        """What `kfp.Client()` reads when it is told nothing."""
        return (Env("KF_PIPELINES_ENDPOINT", f"http://{self.host}:{self.port}"),)
