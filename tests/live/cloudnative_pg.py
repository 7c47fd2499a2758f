"""A stand-in for CloudNativePG's operator: from its objects it makes one real server, and the objects that its clients read.

Facts are of CloudNativePG 1.30: the server that writes is behind the Service `<name>-rw`, speaks TLS with a
certificate of the operator's own, and has the labels that its pods inherit; roles come from `managed.roles`
with the passwords of their Secrets, databases from Database objects. Replicas are absent, and the log goes nowhere until a test writes ARCHIVE.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from live.platforms import Manifest
from live.pods.node import Node

ARCHIVE = (
    "/tmp/archive.sh"  # is called with each file of the log, as by the operator's `wal-archive`
)
START = f"""
cd /tmp
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=cluster -keyout tls.key -out tls.crt 2>/dev/null
exec docker-entrypoint.sh postgres -c ssl=on -c ssl_cert_file=/tmp/tls.crt -c ssl_key_file=/tmp/tls.key \\
  -c archive_mode=on -c archive_command='test ! -e {ARCHIVE} || sh {ARCHIVE} %p'
"""
PSQL = ("psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-U", "postgres")


def reconcile(node: Node, objects: Iterable[Manifest]) -> None:
    """Every Cluster and Database among some objects, made or brought up to date."""
    manifests = [each for each in objects if each["apiVersion"].startswith("postgresql.cnpg.io/")]
    for cluster in _of(manifests, "Cluster"):
        name, space = cluster["metadata"]["name"], cluster["metadata"]["namespace"]
        node.apply([_service(name, space), _server(cluster)])
        node.wait(120, name)
        databases = [
            each for each in _of(manifests, "Database") if each["spec"]["cluster"]["name"] == name
        ]
        node.execute(
            space, name, *PSQL, standard_input="\n".join(_statements(node, cluster, databases))
        )


def _of(manifests: Iterable[Manifest], kind: str) -> list[Manifest]:
    return [each for each in manifests if each["kind"] == kind]


def _labels(name: str) -> dict[str, str]:
    return {"cnpg.io/cluster": name, "cnpg.io/instanceRole": "primary"}


def _service(name: str, space: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"{name}-rw", "namespace": space},
        "spec": {"selector": _labels(name), "ports": [{"name": "postgres", "port": 5432}]},
    }


def _server(cluster: Manifest) -> Manifest:
    spec, name = cluster["spec"], cluster["metadata"]["name"]
    container = {
        "name": "postgres",
        "image": spec["imageName"],
        "command": ["bash", "-ec", START],
        "env": [
            {"name": "POSTGRES_PASSWORD", "value": "of-the-operator"},
            {"name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"},
        ],
        "ports": [{"name": "postgres", "containerPort": 5432}],
        "readinessProbe": {
            "exec": {"command": ["sh", "-c", 'pg_isready -h "$(hostname)" -U postgres']}
        },
        "resources": {},
        "securityContext": {},
        "volumeMounts": [
            {"name": "data", "mountPath": "/var/lib/postgresql/data"},
            {"name": "run", "mountPath": "/var/run/postgresql"},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }
    pod = {
        "containers": [container],
        "securityContext": {"runAsUser": 999, "runAsGroup": 999, "fsGroup": 999},
        "volumes": [{"name": "run", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": cluster["metadata"]["namespace"]},
        "spec": {
            "replicas": 1,
            "template": {
                "metadata": {"labels": {**spec["inheritedMetadata"]["labels"], **_labels(name)}},
                "spec": pod,
            },
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {}}],
        },
    }


def _statements(node: Node, cluster: Manifest, databases: list[Manifest]) -> Iterator[str]:
    """The operator's statements for the server; each may run again."""
    space = cluster["metadata"]["namespace"]
    for role in cluster["spec"].get("managed", {}).get("roles", ()):
        name = role["name"]
        yield f"SELECT 'CREATE ROLE \"{name}\"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec"
        if role.get("login"):
            password = node.secret_values(space, role["passwordSecret"]["name"])["password"]
            yield f"ALTER ROLE \"{name}\" LOGIN PASSWORD '{password}';"
        for group in role.get("inRoles", ()):
            yield f'GRANT "{group}" TO "{name}";'
    for database in databases:
        name, owner = database["spec"]["name"], database["spec"]["owner"]
        yield (
            f'SELECT \'CREATE DATABASE "{name}" OWNER "{owner}"\' '
            f"WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{name}') \\gexec"
        )
