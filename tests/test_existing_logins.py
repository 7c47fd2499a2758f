"""Logins that exist already: every program reads the company's Secret, by the company's keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cluster import lowered, objects, templates
from support.command_line import run
from support.diagnosing import diagnosed

from compiler import kube, pipeline
from compiler.upstream.prerequisites import administration

SCENARIO, ENVIRONMENT = "existing-logins", "default"
HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec:\n  components:\n"


def references(value: Any) -> Iterator[tuple[str, str]]:
    """The keys of Secrets that an object reads: name and key."""
    if isinstance(value, dict):
        reference = value.get("secretKeyRef")
        if isinstance(reference, dict):
            yield reference["name"], reference["key"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_reference_is_to_a_key_that_the_secret_has() -> None:
    lowered_platform = lowered(SCENARIO, ENVIRONMENT)
    keys = {
        credential.name: set(credential.keys)
        for credential in (*lowered_platform.credentials, *lowered_platform.granted)
    }
    read = {pair for manifest in objects(SCENARIO, ENVIRONMENT) for pair in references(manifest)}
    assert all(key in keys[name] for name, key in read), read
    assert {name for name, _ in read} >= {
        "acme-pg",
        "acme-s3",
        "acme-mysql",
        "acme-redis",
        "acme-pypi",
    }
    listed = {grant.name: grant for grant in lowered_platform.granted}
    assert listed["acme-pg"].keys.keys() == {"user", "pass"}
    assert set(listed["acme-pg"].namespaces) == {"argo", "mlops"}
    assert all(grant.created_by == "you" for grant in lowered_platform.granted)
    # Other logins have a Secret of the platform.
    assert "report-mysql" in {credential.name for credential in lowered_platform.credentials}


def test_a_password_that_exists_is_in_no_uri() -> None:
    for pod in templates(SCENARIO, ENVIRONMENT):
        for container in pod.spec["containers"]:
            env = {
                variable["name"]: variable.get("value", "") for variable in container.get("env", ())
            }
            for name in ("MLFLOW_BACKEND_STORE_URI", "LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING"):
                if name in env:
                    assert "@" not in env[name]
                    assert {"PGUSER", "PGPASSWORD"} <= env.keys()


@pytest.mark.parametrize(
    ("section", "code", "words"),
    [
        ("external-postgres: {host: db.example.com, credentials: {secret: a, keys: {passwort: b}}}",
         "invalid-value", "a login has no key `passwort`"),
        ("external-postgres: {host: db.example.com, credentials: {}}", "invalid-value", "names no Secret"),
        ("external-postgres: {host: db.example.com, credentials: {consumers: {mlfow: {secret: a}}}}\n"
         "    seaweedfs: {}\n    mlflow: {}", "unknown-binding", "`mlfow` does not use"),
        ("external-postgres: {host: db.example.com, credentials: {secret: a, consumers: {mlflow: {secret: a, keys: "
         "{username: u2}}}}}\n    seaweedfs: {}\n    mlflow: {}", "invalid-value",
         "the Secret `a` has one login, and not another for `mlflow`"),
        ("external-s3: {host: s3.example.com, credentials: {secret: a, keys: {AWS_ACCESS_KEY_ID: id}}}\n"
         "    kserve: {mode: standard}\n  models:\n    m: {format: sklearn, uri: 's3://models/m'}",
         "invalid-value", "serving systems read"),
    ],
)  # fmt: skip
def test_logins_that_can_not_be_are_refused(section: str, code: str, words: str) -> None:
    report = diagnosed(f"{HEAD}    {section}\n".encode())
    assert [
        diagnostic
        for diagnostic in report
        if diagnostic.code == code and words in diagnostic.message
    ], report


def test_a_pooler_has_every_database_of_a_shared_login() -> None:
    (config,) = lowered(SCENARIO, ENVIRONMENT).packages["pooler"].configs
    databases = config.files["pgbouncer.ini"].partition("\n\n")[0].splitlines()[1:]
    assert [line.split()[0] for line in databases] == ["feast", "mlflow"]


def test_prerequisites_say_what_administrators_make() -> None:
    instructions = {
        name: text for name, _, text in administration(lowered(SCENARIO, ENVIRONMENT).graph)
    }
    assert 'CREATE DATABASE "mlflow" OWNER "mlflow_owner"' in instructions["database"]
    assert "CREATE ROLE :" not in instructions["database"]  # the login exists
    # What clients open: past the pooler, and the pooler's pools.
    (allowed,) = re.findall(r"^-- Allow at least (\d+) connections", instructions["database"], re.M)
    counts = re.findall(r"^--   \S+ (\d+) \(", instructions["database"], re.M)
    assert int(allowed) == sum(map(int, counts)) > 0
    assert "GRANT ALL PRIVILEGES ON `report`.* TO 'report-mysql'@'%'" in instructions["mysql"]
    policies = instructions["store"].split("the policy of the key in the Secret ")[1:]
    by_secret = {text.partition(":")[0]: json.loads(text.partition(":\n")[2]) for text in policies}
    actions = {name: {action for statement in policy["Statement"] for action in statement["Action"]}
               for name, policy in by_secret.items()}  # fmt: skip
    assert "s3:PutObject" in actions["acme-s3"]
    assert "s3:PutObject" not in actions["acme-models"]  # serving systems only read


def test_two_consumers_may_share_a_login() -> None:
    section = (
        "external-postgres: {host: db.example.com, credentials: {secret: acme}}\n"
        "    seaweedfs: {}\n    mlflow: {}\n    lakefs: {}\n"
    )
    assert not [
        diagnostic
        for diagnostic in diagnosed(f"{HEAD}    {section}".encode())
        if diagnostic.code == "secret-clash"
    ]


def test_names_of_secrets_with_dots_and_dashes_stay_apart() -> None:
    """A pooler has the variables of all logins beside each other."""
    consumers = "consumers: {mlflow: {secret: acme.pg}, feast: {secret: acme-pg}}"
    section = (
        f"external-postgres: {{host: db.example.com, credentials: {{{consumers}}}}}\n"
        "    pgbouncer: {}\n    seaweedfs: {}\n    redis: {}\n    mlflow: {}\n    feast: {}\n"
    )
    compilation = pipeline.compile(f"{HEAD}    {section}".encode(), "platform.yaml")
    assert not compilation.report.failed, compilation.report.errors
    deployment = compilation.tree()["base/pgbouncer/deployment-pgbouncer.yaml"]
    assert "USERNAME_ACME_dot_PG" in deployment
    assert "USERNAME_ACME_PG" in deployment


@given(st.sets(st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,8}[a-z0-9])?", fullmatch=True), min_size=2))
def test_no_two_secrets_have_the_same_variables(secrets: set[str]) -> None:
    assert len({kube.suffix(secret) for secret in secrets}) == len(secrets)


@pytest.mark.parametrize("provider", ["existing", "local", "external-secrets"])
def test_the_annotations_that_a_reader_needs_are_listed(
    provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a person must learn them: other Secrets get them with their keys."""
    store = "{provider: external-secrets, store: {name: vault}}"
    secrets = store if provider == "external-secrets" else f"{{provider: {provider}}}"
    section = (
        "external-s3: {host: s3.example.com}\n    kserve: {mode: standard}\n"
        f"  secrets: {secrets}\n"
        "  models: {iris: {format: sklearn, uri: 's3://models/iris', access: inside}}\n"
    )
    (tmp_path / "platform.yaml").write_text(f"{HEAD}    {section}")
    monkeypatch.chdir(tmp_path)
    answer = run("secrets", "list", "--format", "json")
    (row,) = json.loads(answer.stdout)["secrets"]
    endpoint = "serving.kserve.io/s3-endpoint"
    if provider == "existing":
        assert row["annotations"]["mlops"][endpoint] == "s3.example.com:443"
        assert f"{endpoint}=s3.example.com:443" in row["note"]
    else:
        assert row["annotations"] == {}
        assert endpoint not in row["note"]


def test_a_password_that_stands_in_a_uri_is_noted() -> None:
    grants = {grant.name: grant for grant in lowered(SCENARIO, ENVIRONMENT).granted}
    for name in ("acme-pg", "acme-redis"):
        assert "only letters, digits and `-._~`" in grants[name].note
    assert not grants["acme-mysql"].note
