"""Feast: a registry in PostgreSQL, an online store in Redis, and an offline store for training
data.

It runs a feature server, a Job that creates the registry's tables and applies a feature repository,
and CronJobs that materialize new values into the online store. For clients that open no store
themselves, it also runs servers of the registry and of training data. Facts are of Feast 0.67; its
UI is left out because it writes next to its program, which a read-only root file system forbids.

The image's tag: upstream's chart (infra/charts/feast-feature-server) names the tag of its release
on quay.io, and other users run 0.62.0 and 0.66.0 from there. No source at hand names 0.67.0, the
release that serves views during their materialization.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from compiler import model
from compiler.components.feast import client_problems
from compiler.components.feast.pods import (
    OFFLINE_PORT,
    PORT,
    REGISTRY_PORT,
    Pods,
    apply,
    materialize,
    servers,
)
from compiler.components.feast.spec import Spec
from compiler.interfaces import feast, feast_server, feature_store, postgresql, redis, s3
from compiler.spec.duration import seconds

__all__ = ["PHASE", "Spec", "binding_problems", "claims", "lower", "offers"]

PHASE = model.Phase.SERVERS
DATA_FIELDS = ("project",)  # the registry and the online store keep projects apart
REGISTRY, ONLINE = feature_store.REGISTRY, feature_store.ONLINE
LAKE = feature_store.LAKE
FEATURES = model.Provides("features", feast.Endpoint)
REGISTRY_SERVER = model.Provides("registry-server", feast_server.Endpoint, explicit=True)
OFFLINE_SERVER = model.Provides("offline-server", feast_server.Endpoint, explicit=True)


FILE_KEYS = (
    ("project", "project"),
    ("online_store.key_ttl_seconds", "keyTtl"),
    ("offline_store.type", "offlineStore"),
    ("offline_store", "offlineStore"),
)


def claims(me: model.Instance[Spec]) -> model.Claims:
    spec, name = me.spec, me.name.replace("-", "_")
    online = redis.Claim(
        keys=(f"*{project_of(me).name}",),
        # Without it Feast 0.67 sets no time to live.
        lasting="" if spec.key_ttl else "keyTtl",
        writers=spec.writers,
    )
    # The feature server only reads: it would write for every client that asks it to (`/push`).
    reading = replace(online, lasting="", writers=None, read_only=True, shared=True,
                      provider=spec.bind.get(ONLINE.slot))  # fmt: skip
    claimed: dict[model.Requires[Any], model.Claim] = {
        **_registry_claims(me),
        feature_store.ONLINE: online,
        feature_store.READ_ONLINE: reading,
    }
    if spec.offline_store == "postgres":
        # Its queries set a search path for a session, which a pooler would drop.
        database = spec.offline_database or f"{name}_offline"
        claimed[feature_store.WAREHOUSE] = postgresql.Claim(
            database=database, pooled=False, shared=spec.shared
        )
    else:
        # Feast 0.67 (file_source.py) makes pyarrow's file system with an endpoint and no addressing.
        claimed[feature_store.LAKE] = s3.Claim(
            buckets=(spec.bucket_of(me.name),),
            shared=spec.shared,
            path_only=True,
        )
    return claimed


def _registry_claims(me: model.Instance[Spec]) -> dict[model.Requires[Any], model.Claim]:
    spec = me.spec
    # A rolling update runs one pod more, and gunicorn a process more than its workers.
    processes = (spec.replicas + 1) * (spec.workers + 1) + 2 + len(spec.schedules)
    servers = 2 * (spec.clients == "remote")
    if not spec.servers_read:
        return {feature_store.REGISTRY: _registry_claim(me, processes + servers)}
    reading = replace(
        _registry_claim(me, servers), read_only=True, provider=spec.bind.get(REGISTRY.slot)
    )
    return {
        feature_store.REGISTRY: _registry_claim(me, processes),
        feature_store.READ_REGISTRY: reading,
    }


def _registry_claim(me: model.Instance[Spec], processes: int) -> postgresql.Claim:
    per_process = feature_store.POOL_SIZE + feature_store.MAX_OVERFLOW
    return postgresql.Claim(
        database=me.spec.database_of(me.name),
        exists=me.spec.adopted.database is not None,
        connections=processes * per_process,
        shared=me.spec.shared,
        calculation=f"{processes} processes x {per_process} connections",
        creates_tables=True,
        writers=me.spec.writers,
        login_in_uri=True,
    )


def binding_problems(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Problem]:
    clients = sorted({binding.consumer.name for binding in wiring.claims(FEATURES)})
    yield from client_problems.of_sentinel(me, wiring)
    yield from client_problems.of_definitions(me, wiring, clients)
    yield from client_problems.of_writers(me, clients)


def offers(me: model.Instance[Spec]) -> model.Offers:
    project = project_of(me)
    if me.spec.clients == "remote":
        servers = (REGISTRY_SERVER, OFFLINE_SERVER)
        return {
            FEATURES: feast.Offer(port=PORT, project=project, also_offers=servers),
            REGISTRY_SERVER: model.Offer(
                port=REGISTRY_PORT, role="registry", service=f"{me.name}-registry"
            ),
            OFFLINE_SERVER: model.Offer(
                port=OFFLINE_PORT, role="offline", service=f"{me.name}-offline"
            ),
        }
    relays = (feature_store.REGISTRY, feature_store.ONLINE)
    if me.spec.offline_store == "postgres":
        offer = feast.Offer(
            port=PORT, project=project, forwards_to_clients=(*relays, feature_store.WAREHOUSE)
        )
    else:
        offer = feast.Offer(
            port=PORT,
            project=project,
            forwards_to_clients=relays,
            requires_of_clients=(feature_store.LAKE,),
        )
    return {FEATURES: offer}


def project_of(me: model.Instance[Spec]) -> feature_store.Project:
    spec = me.spec
    return feature_store.Project(
        name=spec.project or me.name.replace("-", "_"),
        offline=spec.offline_store,
        key_ttl=seconds(spec.key_ttl) if spec.key_ttl else None,
        batch=spec.batch_size,
    )


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    postgres = me.spec.offline_store == "postgres"
    stores = feature_store.Stores(
        wiring[feature_store.REGISTRY],
        wiring[feature_store.ONLINE],
        None if postgres else wiring[feature_store.LAKE],
        wiring[feature_store.WAREHOUSE] if postgres else None,
    )
    pods = Pods(me, stores, project_of(me), stores.all_stores)
    yield from pods.client.configs
    yield pods.config()
    yield from apply(me, pods)
    reader = wiring.get(feature_store.READ_REGISTRY)
    backends = pods.reading(reader) if reader else pods
    yield from servers(me, pods.serving(wiring[feature_store.READ_ONLINE]), backends)
    for name, run in sorted(me.spec.runs.items()):
        yield materialize(me, name, run, pods)
