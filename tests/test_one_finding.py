"""One mistake is one finding, though many lines look wrong because of it; its help is the whole way out."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
import yaml
from support.diagnosing import HEADER, diagnosed

from compiler.diagnostics import Diagnostic

STORES = "spec:\n  components:\n    seaweedfs: {}\n    postgres: {}\n"
CASES = {
    "`spec:` is forgotten": (
        "domain: a.example\nnamespace: mlops\ncomponents: {redis: {}}",
        "missing-key", ["write `spec:` above line 4, and indent these keys below it"], []),
    "models at the column of their section": (
        f"{STORES}    kserve: {{mode: standard}}\n  models:\n  fraud:\n    format: sklearn\n    uri: s3://a/b\n  churn: {{}}",
        "null-value", ["indent `fraud:`, `churn:` below `models:`"], []),
    "a model's fields at the column of its name": (
        f"{STORES}    kserve: {{mode: standard}}\n  models:\n    fraud:\n    format: sklearn\n    uri: s3://a/b",
        "null-value", ["indent `format:`, `uri:` below `fraud:`"], []),
    "a component's fields at the column of its name": (
        "spec:\n  components:\n    postgres:\n    storage: 10Gi\n    redis: {}",
        "null-value", ["indent `storage:` below `postgres:`"], []),
    "an environment's sections at the column of its name": (
        f"{STORES}  environments:\n    dev: {{}}\n    prod:\n    components:\n      postgres: {{storage: 90Gi}}",
        "null-value", ["indent `components:` below `prod:`"], []),
    "a misspelt component that environments override by its right name": (
        "spec:\n  components: {postgresql: {}}\n  environments:\n    dev: {components: {postgres: {storage: 1Gi}}}\n"
        "    prod: {components: {postgres: {storage: 9Gi}}}",
        "unknown-type", ["did you mean `postgres`?"], []),
    "a component that an environment removes, and another needs": (
        f"{STORES}    redis: {{}}\n    feast: {{}}\n  environments:\n    dev: {{}}\n    prod: {{components: {{redis: null}}}}",
        "unbound-requirement", ["add one of `external-redis`, `redis`, `valkey` under `spec.components`"],
        ["`redis` is removed here"]),
    "a component that an environment removes, and a workload uses": (
        "spec:\n  components: {cache: {type: redis}}\n"
        "  workloads: {w: {image: 'a.b/c:1.0.0', uses: [cache]}}\n"
        "  environments:\n    dev: {}\n    prod: {components: {cache: null}}",
        "unknown-binding", ["instances to use: none"], ["`cache` is removed here"]),
    "two stores, and two consumers": (
        f"{STORES}    minio: {{}}\n    mlflow: {{}}\n    lakefs: {{repositories: {{data: {{}}}}}}",
        "ambiguous-binding",
        ["add `bind: {artifacts: minio}` to `mlflow`", "add `bind: {store: minio}` to `lakefs`"],
        ["`minio` could", "`seaweedfs` could", "`lakefs` requires one too"]),
    "two servers for two slots of one consumer": (
        f"{STORES}    redis: {{}}\n    cache: {{type: redis}}\n    feast: {{}}",
        "ambiguous-binding", ["add `bind: {online-store: cache, online-reader: cache}` to `feast`"],
        ["`cache` could", "`redis` could"]),
    "data under version control, on two stores in one pod": (
        f"{STORES}    lakefs: {{repositories: {{data: {{}}}}}}\n"
        "    dvc: {remotes: {raw: {}}, externalEndpoint: 'http://a.example'}\n"
        "  workloads: {w: {image: 'a.b/c:1.0.0', uses: [lakefs, dvc]}}",
        "client-environment-conflict",
        ["a pod has one value for each variable: use one of the two, or write `bind: {store: lakefs}` on `dvc`"], []),
    "a writer of features that uses two stores": (
        f"{STORES}    redis: {{}}\n    lakefs: {{repositories: {{data: {{}}}}}}\n    feast: {{writers: [w]}}\n"
        "  workloads: {w: {image: 'a.b/c:1.0.0', uses: [feast, lakefs]}}",
        "client-environment-conflict", None, []),
    "a misspelt key of a workload that has its own login at a service": (
        "spec:\n  components:\n"
        "    pypi: {type: external-service, host: pypi.example.com, credentials: {secret: p, consumers: {w: {secret: w}}}}\n"
        "  workloads: {w: {image: 'a.b/c:1.0.0', uses: [pypi], shedule: '0 3 * * *'}}",
        "unknown-key", ["did you mean `schedule`?"], []),
    "a misspelt pooler, without which the clients would open too many connections": (
        "spec:\n  components:\n    seaweedfs: {}\n    postgres: {maxConnections: 40}\n    pgbouncr: {}\n    mlflow: {replicas: 3}",
        "unknown-type", ["did you mean `pgbouncer`?"], []),
    "a password of a program in the words of a shell": (
        "spec:\n  workloads: {w: {image: 'a.b/c:1.0.0', command: [sh, -c, 'curl -u me:hunter2x https://a.b']}}",
        "plaintext-secret", None, []),
    "an amount without a unit": (
        "spec:\n  components: {postgres: {storage: 100}}",
        "invalid-quantity", ["write `100Gi`"], []),
    "a word in another case": (
        "spec:\n  components: {redis: {eviction: Noeviction}}",
        "unknown-value", None, []),
    "a misspelt store for the copies": (
        f"{STORES}    mlflow: {{}}\n    offsite: {{type: external-s3, host: s3.a.b}}\n  backup: {{to: offsit}}",
        "unknown-binding", ["did you mean `offsite`?"], []),
    "a move to an instance of another kind": (
        f"{STORES}    minio: {{}}\n    mlflow: {{}}\n  move: {{from: postgres, to: seaweedfs}}",
        "unfit-move", ["name an instance that offers the same"], []),
    "a move to a misspelt instance": (
        f"{STORES}    minio: {{}}\n    mlflow: {{}}\n  move: {{from: minio, to: seawedfs}}",
        "unfit-move", None, []),
    "environments that share their copies": (
        f"{STORES}    offsite: {{type: external-s3, host: s3.a.b}}\n  backup: {{to: offsite}}\n"
        "  environments: {a: {}, b: {}, c: {}, d: {}}",
        "shared-copies", None, []),
    "a type in other capitals": (
        "spec:\n  components: {minIO: {}}", "unknown-type", ["did you mean `minio`?"], []),
    "no space after a colon in braces": (
        f'{STORES}    mlflow: {{image:"a.b/c:1"}}', "null-value",
        ["write a space after the colon: `image: ...`"], []),
    "no space after a colon on a line": (
        f"{STORES}    mlflow:\n      image:a.b/c:1", "wrong-type",
        ["write a space after the colon: `image: ...`"], []),
    "no space after a colon before another key": (
        f"{STORES}    mlflow:\n      replicas:2\n      workers: 2", "invalid-yaml",
        ["write a space after the colon: `replicas: ...`"], []),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_alone(name: str) -> None:
    text, code, help, related = CASES[name]
    errors = [
        diagnostic
        for diagnostic in diagnosed(f"{HEADER}{text}\n".encode())
        if diagnostic.severity == "error"
    ]
    assert [error.code for error in errors] == [code]
    assert help is None or list(errors[0].help) == help
    assert [related_place.message for related_place in errors[0].related] == related


def test_keys_of_the_spec_in_the_metadata() -> None:
    text = HEADER.replace(
        "{name: example}", "\n  name: example\n  domain: a.example\n  components: {redis: {}}"
    )
    (missing,) = diagnosed(text.encode())
    assert missing.help == ("write `spec:` above line 5, at the left margin",)


def test_an_empty_key_before_lost_ones_is_not_filled() -> None:
    """`models: {}` would cement the mistake."""
    text = f"{HEADER}spec:\n  components: {{seaweedfs: {{}}}}\n  models:\n  fraud: {{format: sklearn, uri: 's3://a/b'}}\n"
    assert [diagnostic.fix for diagnostic in diagnosed(text.encode())] == [None]


SEVERAL = {
    "seaweedfs": {}, "archive": {"type": "external-s3", "host": "s3.a.b"}, "postgres": {},
    "pg2": {"type": "postgres"}, "lakefs": {"bind": {"store": "seaweedfs", "metadata": "postgres"}},
    "mlflow": {"bind": {"artifacts": "seaweedfs", "backend-store": "postgres"}},
    "dvc": {"remotes": {"raw": {}}, "externalEndpoint": "http://a.b", "bind": {"store": "seaweedfs"}},
}  # fmt: skip


def conflicts(spec: dict[str, Any]) -> list[Diagnostic]:
    """The conflicts of the clients' variables in a spec."""
    text = f"{HEADER}spec: {json.dumps(spec)}\n"
    code = "client-environment-conflict"
    return [problem for problem in diagnosed(text.encode()) if problem.code == code]


@pytest.mark.parametrize(
    ("used", "number"),
    [
        (["mlflow", "postgres", "pg2"], 0),
        (["postgres", "pg2", "mlflow"], 0),
        (["mlflow", "archive"], 2),
        (["mlflow", "seaweedfs", "archive"], 0),
        (["mlflow", "dvc", "archive"], 0),
        (["mlflow", "lakefs"], 2),
        (["dvc", "archive"], 1),
    ],
)
def test_each_remedy_of_a_conflict_resolves_it(used: list[str], number: int) -> None:
    workload = {"image": "a.b/c:1.0.0", "uses": used}
    spec: dict[str, Any] = {"components": SEVERAL, "workloads": {"w": workload}}
    (conflict,) = conflicts(spec)
    remedies = re.findall(r"write `(.*?)` on `(.*?)`", conflict.help[0])
    assert len(remedies) == number, conflict.help
    for setting, name in remedies:
        changed = copy.deepcopy(spec)
        section = changed["components"][name]
        for key, value in yaml.safe_load(setting).items():
            section[key] = {**section.get(key, {}), **value} if key == "bind" else value
        assert conflicts(changed) == []
