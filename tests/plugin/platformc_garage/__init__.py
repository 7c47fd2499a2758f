"""A component that another package ships: a Garage that runs elsewhere, as an S3 store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from compiler import kube, model
from compiler.interfaces import s3

PHASE = model.Phase.STORES
STORE = model.Provides("s3", s3.Endpoint)
PORT = 3900


class Spec(model.InstanceSpec):
    """A Garage store."""

    greeting: Annotated[str, Field(description="What its ConfigMap says.")] = "hello"


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {STORE: s3.Offer(port=PORT, region="garage")}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    yield model.ConfigFiles(me.name, me.namespace, {"greeting": f"{me.spec.greeting}\n"})
    yield kube.service(me, "server", {"http-s3": PORT})
