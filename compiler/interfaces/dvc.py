"""DVC remotes: where versions of data lie that Git knows by their hash.

Nothing runs. A repository carries `.dvc/config` with the endpoint that laptops reach; a pod has the
cluster's own in `/etc/dvc/config.local`, to be copied or linked into the repository's `.dvc`, which
wins over the committed file. Credentials come by environment, so neither file holds any.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from compiler import kube, model
from compiler.interfaces import s3
from compiler.model import Env

CONFIG_LOCAL = "/etc/dvc/config.local"


class Claim(model.Claim, frozen=True, kw_only=True):
    """Asks for all remotes."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """Some remotes, all on one store, which those who use them must reach."""

    remotes: tuple[str, ...] = ()


class Endpoint(model.Endpoint, frozen=True, kw_only=True):
    """The remotes as a pod sees them."""

    interface: ClassVar[str] = "dvc"
    one_per_pod: ClassVar[bool] = True

    def env(self) -> tuple[Env, ...]:
        return (
            Env("DVC_GLOBAL_CONFIG_DIR", f"{kube.TMP}/dvc/config"),
            Env("DVC_SITE_CACHE_DIR", f"{kube.TMP}/dvc/cache"),
            Env("DVC_NO_ANALYTICS", "1"),
        )

    def files(self) -> Mapping[str, str]:
        (store,) = [one for one in self.binding.entailed if one.requires.endpoint is s3.Endpoint]
        url = s3.Endpoint(binding=store).url
        return {CONFIG_LOCAL: config_local(self.binding.offer.remotes, url)}


def config_local(remotes: tuple[str, ...], url: str) -> str:
    """The endpoint of each remote, as the cluster's pods reach it."""
    return kube.render(__file__, "dvc-config-local.j2", remotes=remotes, url=url)
