"""MLflow tracking: runs, metrics and models, over HTTP."""

from __future__ import annotations

from typing import ClassVar

from compiler import model
from compiler.interfaces import s3
from compiler.model import Env

# A server on S3 advertises signed links to its store (mlflow 3.17.2, server/handlers.py,
# build_server_info_payload). Its clients then fetch every file from there, and send files of 500 MiB and more
# there (store/artifact/mlflow_artifacts_repo.py), which the networks of proxied clients refuse.
THROUGH_THE_SERVER = (
    Env("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "false"),
    Env("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "false"),
)


class Claim(model.Claim, frozen=True, kw_only=True):
    """Claims access only."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """A tracking server. With direct artefacts, its clients write to the object store themselves."""


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The address of the tracking server, and of the artefact store if clients write to it."""

    interface: ClassVar[str] = "mlflow"
    one_per_pod: ClassVar[bool] = True

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def env(self) -> tuple[Env, ...]:
        store = [Env("MLFLOW_S3_ENDPOINT_URL", s3.Endpoint.connect(binding).url)
                 for binding in self.binding.entailed
                 if issubclass(binding.requires.endpoint, s3.Endpoint)]  # fmt: skip
        return (Env("MLFLOW_TRACKING_URI", self.url), *(store or THROUGH_THE_SERVER))
