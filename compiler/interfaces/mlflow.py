"""MLflow tracking: runs, metrics and models, over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from compiler import model
from compiler.interfaces import s3
from compiler.model import Env


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(model.Claim):
    """Asks nothing more than to be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(model.Offer):
    """A tracking server; with direct artefacts its clients write to the object store themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(model.Endpoint):
    """Where the tracking server is, and the artefact store where clients write to it."""

    interface: ClassVar[str] = "mlflow"
    one_per_pod: ClassVar[bool] = True

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def env(self) -> tuple[Env, ...]:
        store = [Env("MLFLOW_S3_ENDPOINT_URL", s3.Endpoint(binding=binding).url)
                 for binding in self.binding.entailed
                 if binding.requires.endpoint is s3.Endpoint]  # fmt: skip
        return (Env("MLFLOW_TRACKING_URI", self.url), *store)
