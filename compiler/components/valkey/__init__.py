"""Valkey: keys in memory below a hard limit; Feast's online store."""

from collections.abc import Iterator

from pydantic import Field

from compiler import model
from compiler.components.bases import redis as server
from compiler.components.bases import redis_pods
from compiler.components.bases.redis_versions import versions
from compiler.spec.types import Image

PHASE = model.Phase.DATABASES
VERSIONS = versions("valkey/valkey", "9.1.0")
KEYS, FILE_KEYS = server.KEYS, server.FILE_KEYS
claims, offers, sizes = server.claims, server.offers, server.sizes
problems, binding_problems = server.problems, server.binding_problems
PROGRAM = redis_pods.Program("valkey", "valkey-server", "valkey-cli")


class Spec(server.Spec):
    """A Valkey server."""

    image: Image = Field(default="docker.io/valkey/valkey:9.1.0", description="Its image.")


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    yield from redis_pods.lower(me, wiring.claims(KEYS), PROGRAM)
