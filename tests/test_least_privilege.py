"""Keys and roles: each opens what its bindings claim and nothing else, as the output has it.

Claims come from the graph; rights from the files and scripts that the servers are
given. The servers' own tests of it are among the live ones.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from support.cluster import Template, config_files, environments, lowered, objects, templates

from compiler.interfaces import redis, s3, sql
from compiler.model.binding import Binding
from compiler.model.manifest import Manifest

# The rights of one key to one bucket.
Rights = set[tuple[str, str]]
READ, WRITE = "read", "write"
ACTIONS = {
    "s3:GetBucketLocation": READ, "s3:ListBucket": READ, "s3:ListBucketMultipartUploads": READ,
    "s3:GetObject": READ, "s3:PutObject": WRITE, "s3:DeleteObject": WRITE,
    "s3:AbortMultipartUpload": WRITE, "s3:ListMultipartUploadParts": WRITE,
}  # fmt: skip
WORDS = {"Read": READ, "List": READ, "Write": WRITE, "Tagging": WRITE}
STORES = ("minio", "seaweedfs", "ceph")
DATABASES = ("postgres", "mysql", "cloudnative-pg")
MEMORIES = ("redis", "valkey")
# Commands of a client of Redis, and those that belong to the server itself; all on no key.
CLIENT = "+@all -@admin -@dangerous -function -script|flush -randomkey +info +role"
READER = "+@read +@connection +@transaction -@admin -@dangerous -scan -randomkey +info +role"
SERVER_LOGINS = {
    # Redis' documentation of ACLs, "ACL rules for Sentinel and Replicas".
    "sentinel": "allchannels -@all +multi +slaveof +replicaof +ping +exec +subscribe +config|rewrite +role "
    "+publish +info +client|setname +client|kill +script|kill",
    "probe": "-@all +ping +role +info",
    "replication": "-@all +ping +psync +replconf",
}

each_environment = pytest.mark.parametrize(("scenario", "environment"), environments())


def _channels(keys: Iterable[str]) -> str:
    """A login's channels are named like its keys."""
    return " ".join(["resetchannels", *(f"&{key}" for key in keys)])


def claimed(bindings: Iterator[Binding]) -> dict[str, Rights]:
    actual: dict[str, Rights] = defaultdict(set)
    for binding in bindings:
        claim = binding.claim
        assert isinstance(claim, s3.Claim)
        rights = (READ,) if claim.read_only else (READ, WRITE)
        actual[binding.secret] |= {(bucket, right) for bucket in claim.buckets for right in rights}
    return {secret: rights for secret, rights in actual.items() if rights}


def opened(scenario: str, environment: str) -> dict[str, Rights]:
    """The rights of each Secret's key at the stores."""
    actual: dict[str, Rights] = defaultdict(set)
    for reader in (_minio, _seaweedfs, _ceph):
        for secret, bucket, right in reader(scenario, environment):
            actual[secret].add((bucket, right))
    return dict(actual)


def _statements(text: str) -> Iterator[tuple[Manifest, str, str]]:
    """Of a policy in AWS' words: each statement, with a bucket and a right."""
    for statement in json.loads(text)["Statement"]:
        assert statement["Effect"] == "Allow"
        for resource in statement["Resource"]:
            match = re.fullmatch(r"arn:aws:s3:::([a-z0-9.-]+)(/\*)?", resource)
            assert match, resource
            for action in statement["Action"]:
                yield statement, match[1], ACTIONS[action]


def _minio(scenario: str, environment: str) -> Iterator[tuple[str, str, str]]:
    files = config_files(scenario, environment)
    for job in _of_type("minio", "Job", scenario, environment):
        (container,) = job.spec["containers"]
        data = files[job.namespace, job.spec["volumes"][0]["configMap"]["name"]]
        variables = _variables(container)
        for name, key in re.findall(r'^key (\S+) "\$(\w+)"', data["buckets.sh"], re.M):
            for _, bucket, right in _statements(data[f"{name}.json"]):
                yield variables[key], bucket, right


def _seaweedfs(scenario: str, environment: str) -> Iterator[tuple[str, str, str]]:
    servers = (
        _of_type("seaweedfs", kind, scenario, environment) for kind in ("StatefulSet", "Deployment")
    )
    for server in chain.from_iterable(servers):
        if not server.spec.get("initContainers"):
            continue  # a master or a volume server, which no client may reach
        (init,) = server.spec["initContainers"]
        for identity in _identities(init["command"][2], tuple(_variables(init).items())):
            (key,) = identity["credentials"]
            if identity["actions"] == ["Admin"]:
                assert key["accessKey"].endswith("-admin")
                continue
            for action in identity["actions"]:
                word, _, bucket = action.partition(":")
                yield key["accessKey"], bucket, WORDS[word]


@cache
def _identities(script: str, variables: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    """The output of the script that SeaweedFS starts with, where each key is its Secret's name."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "s3.json"
        text = script.replace("/etc/seaweedfs/s3.json", str(file))
        subprocess.run(["sh", "-c", text], env=dict(variables), check=True)
        actual: list[dict[str, Any]] = json.loads(file.read_text())["identities"]
        return actual


def _ceph(scenario: str, environment: str) -> Iterator[tuple[str, str, str]]:
    """A bucket's policy names its users; no consumer has the key of its owner."""
    for manifest in objects(scenario, environment):
        if manifest["kind"] != "ObjectBucketClaim":
            continue
        bucket = manifest["spec"]["bucketName"]
        policy = manifest["spec"]["additionalConfig"]["bucketPolicy"]
        for statement, resource, right in _statements(policy):
            assert resource == bucket
            for user in statement["Principal"]["AWS"]:
                yield user.removeprefix("arn:aws:iam:::user/"), bucket, right


def _of_type(type: str, kind: str, scenario: str, environment: str) -> Iterator[Template]:
    names = {
        instance.name for instance in lowered(scenario, environment).graph.instances.values()
        if instance.type == type
    }  # fmt: skip
    for template in templates(scenario, environment):
        label = template.owner["metadata"]["labels"]["app.kubernetes.io/instance"]
        if template.owner["kind"] == kind and label in names:
            yield template


def _variables(container: Manifest) -> dict[str, str]:
    """The Secret behind each variable."""
    return {
        variable["name"]: variable["valueFrom"]["secretKeyRef"]["name"]
        for variable in container.get("env", ())
        if "secretKeyRef" in variable.get("valueFrom", {})
    }


@each_environment
def test_a_key_opens_its_claims_and_nothing_else(scenario: str, environment: str) -> None:
    graph = lowered(scenario, environment).graph
    claims = (
        binding
        for binding in graph.bindings
        if binding.provider.type in STORES and binding.offer.port and not binding.claim.guards
    )
    keys = opened(scenario, environment)
    copies = {name for name in keys if name in _copying(scenario, environment)}
    # The key of backups reads the buckets of all claims together, and writes nothing.
    assert all(verb == "read" for name in copies for _, verb in keys[name])
    assert {name: keys[name] for name in keys.keys() - copies} == claimed(claims)


def _copying(scenario: str, environment: str) -> set[str]:
    """The Secrets by which instances are copied."""
    return {
        f"{package.name}-backup"
        for package in lowered(scenario, environment).packages.values()
        for resource in package.resources
        if resource.kind == "CronJob" and resource.name == f"{package.name}-backup"
    }


def logins(scenario: str, environment: str) -> Iterator[tuple[str, str, str]]:
    """The owner of each Secret, the database that it opens and the right, as Jobs and operators make them."""
    files = config_files(scenario, environment)
    yield from _managed(scenario, environment)
    for job in _of_type("postgres", "Job", scenario, environment):
        sql = files[job.namespace, job.spec["volumes"][0]["configMap"]["name"]]["ensure.sql"]
        variables = _variables(job.spec["containers"][0])
        preamble, *roles = sql.split("\\getenv role ")
        closed = set(re.findall(r'REVOKE ALL ON DATABASE "(\w+)" FROM PUBLIC', preamble))
        for role in roles:
            if "pg_read_all_data" in role:
                continue  # the login of backups reads everything, and changes nothing
            databases = re.findall(r'"(\w+?)(?:_owner)?"', role)
            (database,) = set(databases) & closed
            assert set(databases) == {database}
            right = READ if "GRANT SELECT" in role else WRITE
            assert (f'GRANT "{database}_owner" TO' in role) == (right == WRITE)
            if right == WRITE:  # a session that began before would own its tables
                assert role.index("SET role") < role.index("GRANT CONNECT") < role.index("LOGIN ")
            yield variables[role.split()[0]], database, right
    for job in _of_type("mysql", "Job", scenario, environment):
        script = files[job.namespace, job.spec["volumes"][0]["configMap"]["name"]]["ensure.sh"]
        variables = _variables(job.spec["containers"][0])
        for database, user in re.findall(r'^  user (\w+) \w+ "\$(USER_\w+)"', script, re.M):
            yield variables[user], database, WRITE


def _managed(scenario: str, environment: str) -> Iterator[tuple[str, str, str]]:
    """The roles that CloudNativePG keeps; its owners of databases can't log in."""
    manifests = list(objects(scenario, environment))
    for cluster in manifests:
        if cluster["apiVersion"] != "postgresql.cnpg.io/v1" or cluster["kind"] != "Cluster":
            continue
        cluster_key = cluster["metadata"]["namespace"], cluster["metadata"]["name"]
        owned = {
            package["spec"]["owner"]: package["spec"]["name"] for package in manifests
            if package["kind"] == "Database"
            and (package["metadata"]["namespace"], package["spec"]["cluster"]["name"]) == cluster_key
        }  # fmt: skip
        for role in cluster["spec"].get("managed", {}).get("roles", ()):
            if not role.get("login"):
                assert set(role) == {"name"}, role
                assert role["name"] in owned
                continue
            assert set(role) == {"name", "login", "inRoles", "passwordSecret"}, role
            secret = role["passwordSecret"]["name"]
            if role["inRoles"]:
                (owner,) = role["inRoles"]
                yield secret, owned[owner], WRITE
            else:
                yield secret, _read_by(secret, scenario, environment), READ


def _read_by(secret: str, scenario: str, environment: str) -> str:
    """The database in which the Job of a cluster lets a login read."""
    files = config_files(scenario, environment)
    databases: set[str] = {
        database
        for job in _of_type("cloudnative-pg", "Job", scenario, environment)
        for script in files[job.namespace, job.spec["volumes"][0]["configMap"]["name"]].values()
        for suffix, database in re.findall(
            r'^read_only "\$USERNAME_(\w+)" .* \'(\w+)\'$', script, re.M
        )
        if _variables(job.spec["containers"][0]).get(f"USERNAME_{suffix}") == secret
        and f'let_in "$USERNAME_{suffix}"' in script
    }
    (database,) = databases
    return database


def _right(claim: sql.Claim) -> str:
    return READ if getattr(claim, "read_only", False) else WRITE


@each_environment
def test_a_login_opens_its_database_and_no_other(scenario: str, environment: str) -> None:
    claimed = {
        (binding.secret, binding.claim.database, _right(binding.claim))
        for binding in lowered(scenario, environment).graph.bindings
        if isinstance(binding.claim, sql.Claim)
        and binding.provider.type in DATABASES
        and binding.claim.database
    }
    assert set(logins(scenario, environment)) == claimed


def _users(scenario: str, environment: str) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Redis' users of each server: the owner of the password's Secret, the keys, the commands."""
    for type in MEMORIES:
        for server in _of_type(type, "StatefulSet", scenario, environment):
            (init,) = server.spec["initContainers"]
            secrets = {
                sha256(name.encode()).hexdigest(): name for name in _variables(init).values()
            }
            admin, *users = _acl(init["command"][2], tuple(_variables(init).items()))
            assert admin == "user default reset"  # off, and without a password
            for user in users:
                _, name, on, password, *rules = user.split()
                assert on == "on"
                keys = tuple(rule[1:] for rule in rules if rule[0] == "~")
                commands = " ".join(rule for rule in rules if rule[0] != "~")
                if name in SERVER_LOGINS:
                    assert (keys, commands) == ((), SERVER_LOGINS[name])
                    assert (password == "nopass") == (name == "probe")
                    continue
                assert secrets[password[1:]] == name
                yield name, keys, commands


@cache
def _acl(script: str, variables: tuple[tuple[str, str], ...]) -> list[str]:
    """The output of the script that Redis starts after, where each password is its Secret's name."""
    (folder,) = set(re.findall(r"} >(\S+)/users\.acl", script))
    with TemporaryDirectory() as directory:
        text = script.replace(folder, directory).replace("/data/", f"{directory}/")
        subprocess.run(["sh", "-c", text], env={**os.environ, **dict(variables)}, check=True)
        return (Path(directory) / "users.acl").read_text().splitlines()


@each_environment
def test_a_user_of_redis_touches_its_keys_and_governs_nothing(
    scenario: str, environment: str
) -> None:
    claimed = {
        (
            binding.secret,
            binding.claim.keys,
            f"resetchannels {READER}"
            if binding.claim.read_only
            else f"{_channels(binding.claim.keys)} {CLIENT}",
        )
        for binding in lowered(scenario, environment).graph.bindings
        if isinstance(binding.claim, redis.Claim) and binding.provider.type in MEMORIES
    }
    assert set(_users(scenario, environment)) == claimed


@each_environment
def test_nobody_but_a_server_and_its_jobs_reads_its_root_key(
    scenario: str, environment: str
) -> None:
    """Containers next to a server, which are open to their scrapers, have their own logins."""
    for server in templates(scenario, environment):
        for container in server.spec["containers"][1:]:
            for secret in _variables(container).values():
                assert not secret.endswith(("-root", "-superuser", "-admin")), server.owner


@each_environment
def test_models_have_one_key_in_each_namespace_and_only_read(
    scenario: str, environment: str
) -> None:
    lent: dict[str, set[str]] = defaultdict(set)
    for manifest in objects(scenario, environment):
        if manifest["kind"] == "ServiceAccount":
            lent[manifest["metadata"]["namespace"]] |= {
                key["name"] for key in manifest.get("secrets", ())
            }
    rights = opened(scenario, environment)
    for keys in lent.values():
        assert len(keys) <= 1
        for key in keys:
            assert {right for _, right in rights.get(key, {("", READ)})} == {READ}


def test_there_is_something_to_look_at() -> None:
    for reader in (_minio, _seaweedfs, _ceph):
        rights = [right for environment in environments() for *_, right in reader(*environment)]
        assert set(rights) == {READ, WRITE}, reader.__name__
    assert len({login for environment in environments() for login in logins(*environment)}) > 15
    assert len({right for environment in environments() for right in _managed(*environment)}) > 2
    assert len({user for environment in environments() for user in _users(*environment)}) > 2
    accounts = [manifest for environment in environments() for manifest in objects(*environment)
                if manifest["kind"] == "ServiceAccount" and manifest.get("secrets")]  # fmt: skip
    assert len(accounts) > 3
