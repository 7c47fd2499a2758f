"""MySQL's databases, copied, lost and restored. The server is 8.0.15, the client MariaDB's."""

from __future__ import annotations

import pytest

from live.platforms import Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

SPEC = """
  backup: {to: offsite}
  components:
    offsite: {type: seaweedfs, namespace: copies}
    mysql: {}
  workloads:
    orders:
      image: registry.example.internal/orders:1.0.0
      command: [python, orders.py]
      uses: [mysql]
"""
CONNECT = """
import os, pymysql
connection = pymysql.connect(
    host=os.environ["MYSQL_HOST"], port=int(os.environ["MYSQL_TCP_PORT"]),
    user=os.environ["MYSQL_USER"], password=os.environ["MYSQL_PASSWORD"],
    database=os.environ["MYSQL_DATABASE"], autocommit=True,
)
cursor = connection.cursor()
"""
WRITE = f"""{CONNECT}
cursor.execute("create table kept (id int primary key auto_increment, name text, body blob)")
for number in range(50):
    cursor.execute("insert into kept (name, body) values (%s, %s)", (f"naïve; {{number}}", os.urandom(64)))
cursor.execute("select count(*) from kept")
print(cursor.fetchone()[0])
"""
ADD = f"{CONNECT}\ncursor.execute(\"insert into kept (name) values ('later')\")\nprint(51)\n"
# Each row is a statement of the dump, so the restore of many is long enough to be interrupted.
FILL = f"""{CONNECT}
cursor.execute("create table many (id int primary key, name text)")
cursor.executemany("insert into many values (%s, 'x')", [(number,) for number in range(20000)])
print("filled")
"""
LOSE_ALL = f"{CONNECT}\ncursor.execute('drop table kept, many')\nprint('gone')\n"
LOSE = f"{CONNECT}\ncursor.execute('drop table kept')\nprint('gone')\n"
READ = f"{CONNECT}\ncursor.execute('select count(*), min(name) from kept')\nprint(*cursor.fetchone())\n"


CUT = """
import boto3
s3 = boto3.client("s3", aws_access_key_id=KEY, aws_secret_access_key=SECRET,
                  endpoint_url="http://offsite.copies.svc.cluster.local:8333")
objects = s3.list_objects_v2(Bucket="mysql-backups")["Contents"]
key = max((each for each in objects if each["Key"].endswith(".sql.gz")), key=lambda each: each["LastModified"])["Key"]
body = s3.get_object(Bucket="mysql-backups", Key=key)["Body"].read()
s3.put_object(Bucket="mysql-backups", Key=key, Body=body[:len(body) // 2])
print("cut off")
"""


def refused(node: Node, name: str) -> str:
    pod = node.run("mlops", name)
    node.until(lambda: pod.failed or pod.finished, 200, [])
    assert pod.failed
    return node.report([pod])


def test_a_lost_table_comes_back(platform: Platform, node: Node) -> None:
    assert node.script("mlops", "orders", WRITE).strip() == "50"
    assert "copied 2" in node.completed(node.run("mlops", "mysql-backup"), 200)
    assert "drill_orders is as it was copied at" in node.completed(
        node.run("mlops", "mysql-drill"), 200
    )
    assert node.script("mlops", "orders", ADD).strip() == "51"
    assert "orders is not empty; with --replace a restore deletes these tables: kept" in refused(
        node, "mysql-restore"
    )
    assert node.script("mlops", "orders", LOSE).strip() == "gone"
    printed = node.completed(node.run("mlops", "mysql-restore"), 200)
    assert "orders is as it was copied at" in printed
    assert "50 `kept`" in printed
    assert node.script("mlops", "orders", READ).strip() == "50 naïve; 0"


# The server takes the first line for a comment, because a control character follows the dashes; `mysql` does not, and
# would run what follows `;;` as a statement of its own, by the user that restores.
GRASP = f"""{CONNECT}
user = os.environ["MYSQL_USER"]
cursor.execute("create table seen (id int)")
cursor.execute("create trigger grasp before insert on seen for each row set @seen = 1 --\\x01"
               f" ;; grant all on *.* to '{{user}}'@'%' ;; create procedure p() set @x = 1")
cursor.execute("insert into seen values (1)")
print("planted")
"""
GRANTS = (
    f"{CONNECT}\ncursor.execute('show grants')\nprint(*(row[0] for row in cursor.fetchall()))\n"
)
FORGET = f"{CONNECT}\ncursor.execute('drop table if exists seen')\nprint('forgotten')\n"


def test_a_client_gains_nothing_by_a_copy_of_its_code(platform: Platform, node: Node) -> None:
    before = node.script("mlops", "orders", GRANTS)
    assert node.script("mlops", "orders", GRASP).strip() == "planted"
    assert "copied 2" in node.completed(node.run("mlops", "mysql-backup"), 200)
    drill = node.run("mlops", "mysql-drill")
    node.until(lambda: drill.failed or drill.finished, 200, [])
    assert node.script("mlops", "orders", GRANTS) == before
    assert node.script("mlops", "orders", FORGET).strip() == "forgotten"
    assert "copied 2" in node.completed(node.run("mlops", "mysql-backup"), 200)


def test_the_login_of_backups_changes_nothing(platform: Platform, node: Node) -> None:
    login = node.secret_values("mlops", "mysql-backup")
    words = f"MYSQL_PWD={login['password']} mysql -h 127.0.0.1 -u {login['username']} -e 'drop table kept' orders"
    answer = node.pod("mlops", "mysql").execute("mysql", ("sh", "-c", words))
    assert "command denied" in answer.stderr


def test_a_restore_that_is_interrupted_can_be_run_again(platform: Platform, node: Node) -> None:
    assert node.script("mlops", "orders", FILL).strip() == "filled"
    assert "copied 2" in node.completed(node.run("mlops", "mysql-backup"), 200)
    assert node.script("mlops", "orders", LOSE_ALL).strip() == "gone"
    pod = node.run("mlops", "mysql-restore")
    root = node.secret_values("mlops", "mysql-root")["password"]
    ask = f"MYSQL_PWD={root} mysql -h 127.0.0.1 -u root -BNe 'show tables in orders'"

    def tables() -> list[str]:
        return node.pod("mlops", "mysql").execute("mysql", ("sh", "-c", ask)).stdout.split()

    node.until(lambda: "many" in tables(), 200, [pod])
    node.discard([pod])
    assert "platformc_restoring" in tables()
    printed = node.completed(node.run("mlops", "mysql-restore"), 300)
    assert "deletes from orders: kept many platformc_restoring" in printed
    assert "20000 `many`" in printed
    assert tables() == ["kept", "many"]
    assert "orders is already as it was copied" in node.completed(
        node.run("mlops", "mysql-restore"), 300
    )


def test_a_copy_that_was_cut_off_is_refused_before_anything_is_overwritten(
    platform: Platform, node: Node
) -> None:
    login = node.secret_values("copies", "offsite-admin")
    keys = f"KEY, SECRET = {login['AWS_ACCESS_KEY_ID']!r}, {login['AWS_SECRET_ACCESS_KEY']!r}\n"
    assert node.script("mlops", "orders", keys + CUT).strip() == "cut off"
    assert node.script("mlops", "orders", ADD).strip() == "51"
    before = node.script("mlops", "orders", READ)
    assert "is broken; name an earlier one by AT" in refused(node, "mysql-restore")
    assert node.script("mlops", "orders", READ) == before
