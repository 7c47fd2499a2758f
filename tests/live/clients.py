"""Many clients of a database server at once, as a program in a pod of MLflow's."""

CLIENTS = 200
# Part of the database's address, and its replacement: the pooler as compiled.
POOLED = ("pgbouncer.mlops", "pgbouncer.mlops")
# The writes of MLflow for a metric, from as many clients at once as the arguments say, each on its
# own connection that it keeps until all have one. Two more arguments replace a part of the address.
LOAD = """
import os, sys, threading, psycopg2
uri = os.environ["MLFLOW_BACKEND_STORE_URI"].replace("+psycopg2", "")
clients, failed = int(sys.argv[1]), []
uri = uri.replace(*sys.argv[2:4])
everybody = threading.Barrier(clients)

def client(number):
    try:
        connection = psycopg2.connect(uri, connect_timeout=60)
    except psycopg2.OperationalError as problem:
        failed.append(str(problem))
        everybody.wait(100)
        return
    everybody.wait(100)
    try:
        for step in range(5):
            with connection, connection.cursor() as cursor:
                cursor.execute("insert into metrics_of_a_test values (%s, %s)", (number, step))
    except psycopg2.Error as problem:
        failed.append(str(problem))

with psycopg2.connect(uri) as setup, setup.cursor() as cursor:
    cursor.execute("create table if not exists metrics_of_a_test (client int, step int)")
setup.close()
threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(failed), "failed", *failed[:1])
"""
