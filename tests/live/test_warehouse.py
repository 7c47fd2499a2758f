"""Features from PostgreSQL, on Valkey, for clients that ask servers: Feast's other half.

Values lie in a table, the emitted CronJob's own command brings them online, and a training pod
without a single key reads them: from the feature server, the registry's server and the offline one.
Valkey is 8.1.8, older than the image's 9.1.
"""

from __future__ import annotations

from itertools import chain

import pytest

from live import features, policies
from live.bindings import idle
from live.platforms import Platform
from live.pods.node import Node
from live.steps import Client, Server, Service
from live.trials import NO_FAULT, Bench, Broken, judged

pytestmark = pytest.mark.live

SPEC = f"""
  components:
    postgres: {{}}
    pgbouncer: {{}}
    valkey: {{memory: 256Mi}}
    feast:
      project: shop
      database: registry_db
      offlineStore: postgres
      offlineDatabase: warehouse_db
      clients: remote
      materialize: {{schedule: "*/15 * * * *", views: [order_statistics]}}{features.repository(*features.TABLE)}
  workloads:
    training:
      image: quay.io/feastdev/feature-server:0.67.0
      command: [python, train.py]
      uses: [feast]
"""

SERVERS = ("feast", "feast-registry", "feast-offline")

# Like the program that fills the warehouse, with the login of Feast's own server.
WRITE = """
import os, psycopg, yaml

with open(os.environ["FEAST_FS_YAML_FILE_PATH"]) as file:
    store = yaml.safe_load(os.path.expandvars(file.read()))["offline_store"]
login = {key: store[key] for key in ("host", "port", "user", "password")}
with psycopg.connect(dbname=store["database"], **login) as connection:
    connection.execute(
        "create table orders (customer_id bigint, order_count bigint, order_value real,"
        " event_timestamp timestamptz)"
    )
    connection.execute(
        "insert into orders select id, count, count - 3.5, now() - interval '10 minutes'"
        " from (values (1, 5), (2, 7), (3, 11)) as given (id, count)"
    )
print("filled", store["host"])
"""
KEYS = """
import os
print([name for name in os.environ if "PASSWORD" in name or "SECRET" in name])
"""


def test_servers_wait_for_the_registry_and_never_fail_for_it(
    platform: Platform, node: Node
) -> None:
    for name in SERVERS:
        assert node.pod("mlops", name).restarts == 0, name


def test_values_of_a_table_come_online_and_are_served(platform: Platform, node: Node) -> None:
    filled = node.execute("mlops", "feast", "python", "-c", WRITE)
    assert "filled postgres.mlops.svc.cluster.local" in filled
    node.rerun("mlops", "feast-materialize")
    features.served(node)
    features.read(node, "[7]")


def test_training_data_come_from_the_offline_server(platform: Platform, node: Node) -> None:
    assert features.python(node, features.TRAIN) == "[1.5, 3.5, 7.5]"


def test_a_client_of_servers_holds_no_key(platform: Platform, node: Node) -> None:
    assert features.python(node, KEYS) == "[]"


def test_a_client_of_servers_cannot_write_the_registry(platform: Platform, node: Node) -> None:
    answer = features.python(node, features.WRITING)
    assert "permission denied" in answer or "InsufficientPrivilege" in answer, answer


def test_the_definitions_may_be_applied_again(platform: Platform, node: Node) -> None:
    node.rerun("mlops", "feast-apply")
    features.read(node, "[7]")


# Mutation (trials.py) --------------------------------------------------------------------------

NAMES = {"registry_db": "database", "warehouse_db": "database", "shop": "project"}
# A server's use of its variables, without the time that it takes to start.
MATERIALIZE = features.MATERIALIZE + features.ONLINE
CLIENTS = {
    "training": Client(
        "training", features.ASK + features.QUICK + features.ONLINE + features.TRAIN
    ),
    "materialize": Client("feast-materialize", MATERIALIZE),
    "apply": Client("feast-apply", features.APPLY),
    "server": Client("feast", MATERIALIZE),
    "registry": Client("feast-registry", features.LIST),
    "offline": Client("feast-offline", features.QUICK + features.TRAIN),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_every_broken_reference_of_a_client_is_noticed(
    platform: Platform, node: Node, name: str
) -> None:
    without = NO_FAULT if name in ("training", "materialize") else features.SHARED
    judged(Bench(node, NAMES).row(Broken(CLIENTS[name], without=without)))


def test_servers_wait_in_vain_by_a_broken_reference(platform: Platform, node: Node) -> None:
    bench = Bench(node, NAMES)
    waiting_pods = [
        Broken(features.awaiting(node, server), without=features.SHARED) for server in SERVERS
    ]
    judged(chain.from_iterable(map(bench.row, waiting_pods)))


def test_every_broken_reference_of_valkey_is_noticed(platform: Platform, node: Node) -> None:
    writing = Client("training", features.users(SPEC, node, "valkey", "INCR"))
    judged(Bench(node, NAMES).row(Broken(Server("valkey", kind="StatefulSet")), writing))


def test_a_broken_service_or_probe_is_noticed(platform: Platform, node: Node) -> None:
    bench = Bench(node, NAMES)
    valkey = features.users(SPEC, node, "valkey", "GET")
    users = {
        Service("valkey"): Client("training", valkey),
        Service("feast-registry"): Client("training", features.LIST),
        Service("feast-offline"): Client("training", features.QUICK + features.TRAIN),
    }
    servers = [Broken(Server(server), only=features.LISTENING) for server in SERVERS[1:]]
    judged(chain(bench.services(users), bench.probes(), *map(bench.row, servers)))


def test_every_broken_policy_is_noticed(platform: Platform, node: Node) -> None:
    judged(policies.trials(node))


def test_every_binding_was_used(platform: Platform, node: Node) -> None:
    assert idle(SPEC, node) == []
