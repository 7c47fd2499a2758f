"""Clients that write while their data moves, as programs of Python, one for each kind of back end."""

from __future__ import annotations

# Each program makes `write` and `read`; the writer says each number that the server acknowledged.
# A killed writer may have written one number more, which the next writer begins with: `write` may be repeated.
WRITE = """
import itertools, time
for number in itertools.count(START):
    write(number)
    print(number, flush=True)
    time.sleep(0.01)
"""
READ = "\nprint(*sorted(read()))\n"
S3 = """
import boto3
s3 = boto3.client("s3")
def write(number):
    s3.put_object(Bucket="training", Key="runs/a b/%d" % number, Body=b"%d" % number * 50)
    s3.put_object(Bucket="training", Key="newest", Body=b"%d" % number)
def read():
    # SeaweedFS 4.48 keeps an empty object of a client that ended while it sent one.
    newest = int(s3.get_object(Bucket="training", Key="newest")["Body"].read() or -1)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="training", Prefix="runs/"):
        for entry in page.get("Contents", ()):
            number = int(entry["Key"].rpartition("/")[2])
            complete = entry["Size"] == 50 * len(str(number))
            assert newest == -1 or number <= newest + 1 and (complete or number > newest), entry
            if complete:
                yield number
"""
POSTGRES = """
import psycopg2
database = psycopg2.connect("")
database.autocommit = True
rows = database.cursor()
rows.execute('''
    CREATE SCHEMA IF NOT EXISTS other;
    CREATE TABLE IF NOT EXISTS other.tags (number int GENERATED ALWAYS AS IDENTITY, tag jsonb NOT NULL, size int GENERATED ALWAYS AS (length(tag::text)) STORED);
    CREATE TABLE IF NOT EXISTS runs (number serial PRIMARY KEY, note text CONSTRAINT noted NOT NULL);
    CREATE TABLE IF NOT EXISTS numbered (number int GENERATED ALWAYS AS IDENTITY);
    CREATE UNIQUE INDEX IF NOT EXISTS by_note ON runs (lower(note), number) WHERE number > 0;
    CREATE OR REPLACE VIEW newest AS SELECT max(number) FROM runs;
    CREATE OR REPLACE FUNCTION tag() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO other.tags (tag) VALUES (jsonb_build_object(''run'', NEW.number)); RETURN NEW; END';
    CREATE OR REPLACE TRIGGER tagged AFTER INSERT ON runs FOR EACH ROW EXECUTE FUNCTION tag();
''')
def write(number):
    rows.execute("INSERT INTO runs VALUES (%s, %s) ON CONFLICT DO NOTHING", (number, "a\\tb\\n" * 9))
def read():
    rows.execute("SELECT r.number FROM runs r JOIN other.tags ON tag @> jsonb_build_object('run', r.number) WHERE note = %s", ("a\\tb\\n" * 9,))
    return [number for number, in rows.fetchall()]
"""
REDIS = """
import os, socket
stream = socket.create_connection((os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"])), 30).makefile("rwb")
def ask(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    stream.write(b"*%d\\r\\n" % len(words) + b"".join(b"$%d\\r\\n%s\\r\\n" % (len(word), word) for word in words))
    stream.flush()
    return answer()
def answer():
    line = stream.readline().rstrip()
    assert line[:1] != b"-", line
    if line[:1] == b"$":
        return stream.read(int(line[1:]) + 2)[:-2] if line != b"$-1" else None
    return [answer() for _ in range(int(line[1:]))] if line[:1] == b"*" else line[1:]
ask("AUTH", os.environ["REDIS_USERNAME"], os.environ["REDIS_PASSWORD"])
def write(number):
    ask("HSET", "features:%d" % number, "rate", 0.25 * number, b"\\0\\r\\n", b"\\xff" * 9)
    ask("EXPIRE", "features:%d" % number, 86400)
    ask("LREM", "runs", 0, number)
    ask("RPUSH", "runs", number)
    ask("ZADD", "scores", number / 7, number)
    ask("SADD", "set", number)
    ask("SET", b"text \\n \\xe4", b"\\r\\n%d" % number)
def read():
    listed = [int(number) for number in ask("LRANGE", "runs", 0, -1)]
    assert int(ask("ZCARD", "scores")) in (len(listed), len(listed) - 1)
    for number in listed:
        if ask("SISMEMBER", "set", number) == b"1":
            assert ask("HGET", "features:%d" % number, b"\\0\\r\\n") == b"\\xff" * 9
            assert float(ask("ZSCORE", "scores", number)) == number / 7
            assert int(ask("TTL", "features:%d" % number)) > 80000
    return listed
"""
# No generated columns: MariaDB's mysqldump, which stands for MySQL's here, writes values for them.
MYSQL = """
import os, pymysql
database = pymysql.connect(
    host=os.environ["MYSQL_HOST"], port=int(os.environ["MYSQL_TCP_PORT"]), user=os.environ["MYSQL_USER"],
    password=os.environ["MYSQL_PASSWORD"], database=os.environ["MYSQL_DATABASE"], autocommit=True)
rows = database.cursor()
rows.execute("SHOW TABLES LIKE 'runs'")
if not rows.fetchall():
    for statement in (
        "CREATE TABLE runs (number int AUTO_INCREMENT PRIMARY KEY, note text NOT NULL, body blob, "
        "KEY by_note (note(20), number))",
        "CREATE TABLE tags (run int NOT NULL, tag json NOT NULL, CONSTRAINT tagged FOREIGN KEY (run) REFERENCES runs (number))",
        "CREATE VIEW newest AS SELECT max(number) AS number FROM runs",
        "CREATE TRIGGER tag AFTER INSERT ON runs FOR EACH ROW INSERT INTO tags VALUES (NEW.number, json_object('run', NEW.number))",
        "CREATE TABLE heap (note varchar(20))",
        "INSERT INTO heap VALUES ('b'), ('a'), ('a'), (NULL)",
        "CREATE EVENT yearly ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO DELETE FROM heap",
    ):
        rows.execute(statement)
NOTE = "na\u00efve; 'it' `\\\\` \\t\\n DEFINER=`a`@`b`"
def write(number):
    rows.execute("INSERT IGNORE INTO runs (number, note, body) VALUES (%s, %s, %s)", (number, NOTE, bytes(range(256))))
def read():
    rows.execute("SELECT note FROM heap")
    assert {note for note, in rows.fetchall()} == {"a", "b", None}
    rows.execute("SELECT number FROM newest")
    (newest,), = rows.fetchall()
    rows.execute("SELECT number FROM runs JOIN tags ON tag->'$.run' = number AND run = number "
                 "WHERE note = %s AND body = %s", (NOTE, bytes(range(256))))
    numbers = [number for number, in rows.fetchall()]
    assert max(numbers) == newest
    return numbers
"""
