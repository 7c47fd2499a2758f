"""MySQL as a process, filled by its Job: databases, users, and the fate of both later.

The server is MySQL 8.0.15, older than the image's 8.4; the client is MariaDB's.
"""

from __future__ import annotations

from itertools import chain

import pytest

from live.bindings import idle
from live.plans import follow
from live.platforms import Platform
from live.pods.node import Node
from live.steps import Client, Server, Service
from live.trials import Bench, Broken, judged

pytestmark = pytest.mark.live

SPEC = """
  components:
    mysql: {}
    monitoring: {}
  workloads:
    order-log:
      image: registry.example.internal/orders:1.0.0
      command: [python, log_orders.py]
      uses: [mysql]
"""
GROWN = f"""{SPEC}
    stock:
      image: registry.example.internal/stock:1.0.0
      command: [python, stock.py]
      uses: [mysql]
"""
CONNECT = """
import os, pymysql

def connect(database=os.environ["MYSQL_DATABASE"]):
    return pymysql.connect(
        host=os.environ["MYSQL_HOST"], port=int(os.environ["MYSQL_TCP_PORT"]),
        user=os.environ["MYSQL_USER"], password=os.environ["MYSQL_PASSWORD"], database=database,
    )
"""
WRITE = f"""{CONNECT}
with connect() as connection, connection.cursor() as cursor:
    cursor.execute("create table if not exists kept (value int)")
    cursor.execute("insert into kept values (7)")
    connection.commit()
    print("written to", os.environ["MYSQL_DATABASE"])
"""
READ = f"""{CONNECT}
with connect() as connection, connection.cursor() as cursor:
    cursor.execute("select value, database(), current_user() from kept")
    print(*cursor.fetchone())
"""
FOREIGN = f"""{CONNECT}
try:
    connect("stock")
    print("let in")
except pymysql.MySQLError as problem:
    print(problem.args[0])
"""
ACCESS_DENIED = "1044"  # ER_DBACCESS_DENIED_ERROR
TABLE_DENIED = "1142"  # ER_TABLEACCESS_DENIED_ERROR
# In the server's pod, from where alone the exporter may come.
EXPORTER = "mysql --host=127.0.0.1 --user=exporter --batch --execute"
REFUSED = "1045"  # ER_ACCESS_DENIED_ERROR


def login(variables: dict[str, str]) -> str:
    """A program that logs in with the values of a Secret."""
    return f"""
import os, pymysql
try:
    pymysql.connect(
        host=os.environ["MYSQL_HOST"], port=int(os.environ["MYSQL_TCP_PORT"]),
        user={variables["username"]!r}, password={variables["password"]!r},
    )
    print("let in")
except pymysql.MySQLError as problem:
    print(problem.args[0])
"""


def test_a_workload_writes_to_its_database(platform: Platform, node: Node) -> None:
    assert "written to order_log" in node.script("mlops", "order-log", WRITE)
    assert "7 order_log order-log-mysql@%" in node.script("mlops", "order-log", READ)


def test_the_job_may_run_again(platform: Platform, node: Node) -> None:
    assert "databases and users are ready" in node.rerun("mlops", "mysql-ensure")
    assert "7 order_log" in node.script("mlops", "order-log", READ)


# Mutation (trials.py) --------------------------------------------------------------------------

NAMES = {"order_log": "database"}
# Objects that the Job makes for others, in an empty server.
FOR_CLIENTS = (
    r"^Secret in (USER_\w+|PASSWORD_\w+|EXPORTER|EXPORTER_PASSWORD) of ensure$|in ensure\.sh$"
)


SCRAPE = """
import urllib.request
urllib.request.urlopen("http://mysql.mlops.svc.cluster.local:9104")
"""


def users(node: Node) -> str:
    """A program that does the work of the users of the Job's logins: the workload, the exporter."""
    return f"""
import pymysql

login = {node.secret_values("mlops", "order-log-mysql")!r}
login = dict(user=login["username"], password=login["password"], database="order_log")
with pymysql.connect(host="mysql.mlops.svc.cluster.local", **login).cursor() as cursor:
    cursor.execute("create table tried (it int)"){SCRAPE}"""


def test_every_broken_reference_of_a_client_is_noticed(platform: Platform, node: Node) -> None:
    judged(Bench(node, NAMES).row(Broken(Client("order-log", READ))))


def test_every_broken_login_is_noticed(platform: Platform, node: Node) -> None:
    bench, server = Bench(node, NAMES), Server("mysql", kind="StatefulSet")
    filling, using = Client("mysql-ensure"), Client("order-log", users(node))
    filled = bench.row(Broken(server), Broken(filling, only=FOR_CLIENTS), using)
    judged(chain(filled, bench.row(Broken(filling, without=FOR_CLIENTS))))


def test_a_broken_service_or_probe_is_noticed(platform: Platform, node: Node) -> None:
    bench, client = Bench(node, NAMES), Client("order-log", f"{READ}{SCRAPE}")
    judged(chain(bench.services({Service("mysql"): client}), bench.probes()))


def test_a_database_added_later_appears_on_the_old_volume(platform: Platform, node: Node) -> None:
    node.apply(platform.write(GROWN).compile())
    node.wait(120)
    assert "written to stock" in node.script("mlops", "stock", WRITE)
    assert ACCESS_DENIED in node.script("mlops", "order-log", FOREIGN)
    assert "7 order_log" in node.script("mlops", "order-log", READ)


def test_the_exporter_sees_the_server_and_no_rows(platform: Platform, node: Node) -> None:
    collected = scrape(node)
    assert "SHOW GLOBAL STATUS" in collected
    assert "events_statements_summary_by_digest" in collected
    password = node.secret_values("mlops", "mysql-exporter")["password"]
    query = f"MYSQL_PWD={password} {EXPORTER} 'select * from order_log.kept' 2>&1 || true"
    assert TABLE_DENIED in node.execute("mlops", "mysql", "sh", "-c", query)


def scrape(node: Node) -> str:
    """The answer of the server's pod to a scraper, once the Job has made the exporter's login."""
    look = "python3 -c 'import urllib.request as r; print(r.urlopen(\"http://127.0.0.1:9104\").read())'"
    return node.execute("mlops", "mysql", "sh", "-c", look)


# Twice for root: the second time with the leftovers of the first.
@pytest.mark.parametrize(("secret", "times"), [("mysql-root", 2), ("mysql-exporter", 1)])
def test_a_rotated_login_of_the_server_itself_is_known_to_it(
    platform: Platform, node: Node, secret: str, times: int
) -> None:
    for _ in range(times):
        old = node.secret_values("mlops", secret)
        follow(platform.rotation(secret), platform, node)
        new = node.secret_values("mlops", secret)
        assert new["password"] != old["password"]
        statement = (
            f"mysql --host=127.0.0.1 --user={new['username']} --execute 'select 1' 2>&1 || true"
        )
        variables = {
            password: node.execute(
                "mlops", "mysql", "sh", "-c", f"MYSQL_PWD={password} {statement}"
            )
            for password in (old["password"], new["password"])
        }
        assert "1045" in variables[old["password"]]  # ER_ACCESS_DENIED_ERROR
        assert "1045" not in variables[new["password"]]
    assert "SHOW GLOBAL STATUS" in scrape(node)
    assert "databases and users are ready" in node.rerun("mlops", "mysql-ensure")
    assert "7 order_log" in node.script("mlops", "order-log", READ)


def test_a_users_password_rotates(platform: Platform, node: Node) -> None:
    old = node.secret_values("mlops", "order-log-mysql")
    follow(platform.rotation("order-log-mysql"), platform, node)
    assert REFUSED in node.script("mlops", "order-log", login(old))
    assert "7 order_log" in node.script("mlops", "order-log", READ)


def test_every_binding_was_used(platform: Platform, node: Node) -> None:
    assert idle(GROWN, node) == []
