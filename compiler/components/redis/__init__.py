"""Redis: keys in memory below a hard limit; Feast's online store."""

from collections.abc import Iterator

from pydantic import Field

from compiler import model
from compiler.components.bases import redis as server
from compiler.components.bases import redis_pods
from compiler.components.bases.redis_versions import versions
from compiler.interfaces import redis
from compiler.spec.types import Image

PHASE = model.Phase.DATABASES
VERSIONS = versions("library/redis", "8.2.3-bookworm")
KEYS = model.Provides("keys", redis.Endpoint)
FILE_KEYS = server.FILE_KEYS
PROGRAM = redis_pods.Program("redis", "redis-server", "redis-cli")


class Spec(server.Spec):
    """A Redis server."""

    image: Image = Field(default="docker.io/library/redis:8.2.3-bookworm", description="Its image.")


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {KEYS: server.offer(me)}


def sizes(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Size]:
    return server.sizes(me)


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    yield from redis_pods.lower(me, wiring.claims(KEYS), PROGRAM)


def problems(me: model.Instance[Spec]) -> Iterator[model.Problem]:
    return server.problems(me)


def binding_problems(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Problem]:
    return server.client_problems(me, wiring.claims(KEYS))
