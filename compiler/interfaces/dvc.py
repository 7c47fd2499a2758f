"""DVC remotes: buckets that hold versions of data, which Git refers to by their hash.

No server runs. A repository carries `.dvc/config` with the endpoint for laptops. A pod has the
cluster's endpoint in `/etc/dvc/config.local`; copied or linked into the repository's `.dvc`, it
overrides the committed file. Credentials come from the environment, so neither file holds any.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from compiler import kube, model
from compiler.interfaces import s3
from compiler.model import Env

CONFIG_LOCAL = "/etc/dvc/config.local"


class Claim(model.Claim, frozen=True, kw_only=True):
    """Claims all remotes."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """Remotes on one store; their users must reach that store, too."""

    remotes: tuple[str, ...] = ()


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The remotes as a pod reaches them."""

    interface: ClassVar[str] = "dvc"
    one_per_pod: ClassVar[bool] = True

    def env(self) -> tuple[Env, ...]:
        return (
            Env("DVC_GLOBAL_CONFIG_DIR", f"{kube.TMP}/dvc/config"),
            Env("DVC_SITE_CACHE_DIR", f"{kube.TMP}/dvc/cache"),
            Env("DVC_NO_ANALYTICS", "1"),
        )

    def files(self) -> Mapping[str, str]:
        (store,) = [
            binding
            for binding in self.binding.entailed
            if issubclass(binding.requires.endpoint, s3.Endpoint)
        ]
        url = s3.Endpoint.connect(store).url
        return {CONFIG_LOCAL: config_local(self.offer.remotes, url)}


def config_local(remotes: tuple[str, ...], url: str) -> str:
    """The endpoint of each remote, as pods in the cluster reach it."""
    return kube.render(__file__, "dvc-config-local.j2", remotes=remotes, url=url)
