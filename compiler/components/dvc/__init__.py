"""DVC: versions of data in the object store, which Git refers to by their hash. It has no server.

It only has configuration: `config`, to be committed as `.dvc/config`, has the endpoint for laptops;
`config.local` has the cluster's endpoint. Facts are of DVC 3.67.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from compiler import kube, model
from compiler.interfaces import dvc, gateway, s3
from compiler.model import hosts
from compiler.spec.constraints import Exact, InvalidValue
from compiler.spec.types import Bucket, Name

PHASE = model.Phase.CLIENTS
STORE = model.Requires("store", s3.Endpoint)
REMOTES = model.Provides("remotes", dvc.Endpoint)

Url = Annotated[str, Exact(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")]


class Remote(model.Section):
    """One remote: a bucket of the store, or a part of one."""

    bucket: Bucket | None = Field(
        default=None,
        description="Its bucket, on lakeFS its repository; default: instance and remote.",
    )
    path: Annotated[str, Exact(r"([\w.-]+(/[\w.-]+)*)?")] = Field(
        default="", description="Its part of the bucket."
    )


class Spec(model.InstanceSpec):
    """The remotes of a Git repository, all on one store; `bind: {store: lakefs}` takes lakeFS."""

    remotes: dict[Name, Remote] = Field(min_length=1, description="Remotes, by name.")
    default: Name | None = Field(
        default=None, description="The default remote; default: the only one."
    )
    external_endpoint: Url | None = Field(
        default=None,
        description="URL at which laptops reach the store; default: its host at the gateway.",
    )

    def check(self) -> None:
        if self.default is not None and self.default not in self.remotes:
            message = f"`{self.default}` is not one of the remotes"
            raise InvalidValue("unknown-value", message, f"write one of {', '.join(self.remotes)}")


def claims(me: model.Instance[Spec]) -> model.Claims:
    buckets = tuple(sorted({bucket for _, bucket, _ in _remotes(me)}))
    inside = {STORE: s3.Claim(buckets=buckets, outside=me.spec.external_endpoint is None)}
    entrance = {gateway.ROUTE: gateway.Claim(optional=True)}
    return inside if me.spec.external_endpoint else {**inside, **entrance}


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {
        REMOTES: dvc.Offer(remotes=tuple(sorted(me.spec.remotes)), requires_of_clients=(STORE,))
    }


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    store = wiring[STORE]
    remotes = [
        (name, "/".join(filter(None, (store.uri(bucket), path))))
        for name, bucket, path in _remotes(me)
    ]
    config = kube.render(
        __file__,
        "config.j2",
        default=me.spec.default or (remotes[0][0] if len(remotes) == 1 else None),
        remotes=remotes,
        url=me.spec.external_endpoint or laptop_url(store, wiring.get(gateway.ROUTE)),
        region=store.region,
    )
    local = dvc.config_local(tuple(name for name, _ in remotes), store.url)
    yield model.ConfigFiles(me.name, me.namespace, {"config": config, "config.local": local})


def laptop_url(store: s3.Endpoint, entrance: gateway.Endpoint | None) -> str:
    """The URL of a store from outside the cluster, with the scheme of the gateway."""
    binding = store.binding
    if binding.offer.external or entrance is None:
        return store.url
    host = hosts.host(binding.provider.name, binding.provider, binding.offer)
    return f"{entrance.offer.scheme}://{host}"


def _remotes(me: model.Instance[Spec]) -> list[tuple[str, str, str]]:
    """Name, bucket and path of each, in a fixed order."""
    return [
        (name, remote.bucket or f"{me.name}-{name}", remote.path)
        for name, remote in sorted(me.spec.remotes.items())
    ]
