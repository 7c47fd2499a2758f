"""Kubeflow Pipelines: an API to which the SDK submits pipelines."""

from __future__ import annotations

from typing import ClassVar

from compiler import model
from compiler.model import Env


class Claim(model.Claim, frozen=True, kw_only=True):
    """Claims access only."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """The API server."""


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The address of the API server."""

    interface: ClassVar[str] = "pipelines"
    one_per_pod: ClassVar[bool] = True

    def env(self) -> tuple[Env, ...]:
        """The default that `kfp.Client()` reads."""
        return (Env("KF_PIPELINES_ENDPOINT", f"http://{self.host}:{self.port}"),)
