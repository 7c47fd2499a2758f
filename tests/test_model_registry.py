"""Models by alias: the answers of a registry, the lock that is made of them, and its consequences.

The answers have the form of MLflow 3.17.2's; tests/live/test_model_registry.py asks running servers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from click.testing import Result
from support.command_line import run
from support.scenarios import compiled

from compiler import pipeline
from compiler.diff.compare import compare
from compiler.diff.text import render
from compiler.upstream import lock
from compiler.upstream.lock import BrokenLockError

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: example}
spec:
  components:
    seaweedfs: {}
    postgres: {}
    mlflow: {artifacts: proxied}
    kserve: {mode: standard}
  models:
    churn: {model: churn, alias: champion}
  workloads:
    scoring: {image: "registry.example.internal/scoring:1.0.0", schedule: "0 1 * * *", uses: [churn]}
"""
COLUMN = {"type": "double", "name": "age", "required": True}
ENTRY = {
    "model": "churn", "alias": "champion", "version": "7", "flavour": "sklearn", "size": 4 * 2**30,
    "uri": "s3://mlflow/1/models/m-1/artifacts",
}  # fmt: skip


class Mlflow(HTTPServer):
    """The three answers that a lock needs; a test changes one of them."""

    version = "7"
    uri = "mlflow-artifacts:/1/models/m-1/artifacts"
    token = ""
    body: bytes | None = None  # in place of every answer
    redirect = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.mlmodel_text = b""  # in place of `mlmodel`
        self.mlmodel: dict[str, object] = {
            "flavors": {"python_function": {}, "sklearn": {}},
            "model_size_bytes": 4 * 2**30,
            "run_id": "1c0b9a8f7e6d5c4b3a29181716151413",
            "signature": {
                "inputs": json.dumps([COLUMN]),
                "outputs": json.dumps([{"type": "long"}]),
            },
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    server: Mlflow

    def do_GET(self) -> None:
        self.server.token = self.headers.get("Authorization", "")
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if self.server.redirect:
            self.send_response(302)
            self.send_header("Location", self.server.redirect)
            self.end_headers()
        elif self.server.body is not None:
            self._answer(200, self.server.body)
        elif path.endswith("/alias") and query["alias"] != ["champion"]:
            text = {"error_code": "INVALID_PARAMETER_VALUE", "message": "alias x not found"}
            self._answer(400, json.dumps(text).encode())
        elif path.endswith("/alias"):
            version = {"name": "churn", "version": self.server.version, "run_id": "1c0b9a8f"}
            self._answer(200, json.dumps({"model_version": version}).encode())
        elif path.endswith("/get-download-uri"):
            self._answer(200, json.dumps({"artifact_uri": self.server.uri}).encode())
        else:
            assert query == {
                "name": ["churn"],
                "version": [self.server.version],
                "path": ["MLmodel"],
            }
            mlmodel = self.server.mlmodel_text or yaml.safe_dump(self.server.mlmodel).encode()
            self._answer(200, mlmodel)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def mlflow() -> Iterator[Mlflow]:
    with Mlflow() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)
    path = tmp_path / "platform.yaml"
    path.write_text(SPEC)
    return path


def locking(mlflow: Mlflow, *words: str) -> Result:
    return run("models", "lock", "--server", mlflow.url, *words)


def locked(entry: dict[str, object]) -> lock.Lock:
    data = yaml.safe_dump({"models": {"default": {"churn": entry}}})
    return lock.parse(data.encode(), "platform.lock")


def test_a_version_is_locked_and_the_model_follows_from_it(spec: Path, mlflow: Mlflow) -> None:
    assert locking(mlflow).exit_code == 0
    (entry,) = lock.read(spec).models["default"].values()
    assert (entry.version, entry.flavour, entry.inputs) == ("7", "sklearn", {"age": "double"})
    assert entry.outputs == {"0": "long"}
    assert entry.uri == "s3://mlflow/1/models/m-1/artifacts"
    rendered = run("render").stdout
    model = next(
        manifest
        for manifest in yaml.load_all(rendered, yaml.CSafeLoader)
        if manifest["kind"] == "InferenceService"
    )
    served = model["spec"]["predictor"]["model"]
    assert served["storageUri"] == entry.uri
    assert served["modelFormat"] == {"name": "mlflow"}
    assert served["resources"]["limits"]["memory"] == "5Gi"


def test_the_same_answers_are_the_same_bytes(spec: Path, mlflow: Mlflow) -> None:
    locking(mlflow)
    before = (spec.parent / "platform.lock").read_bytes()
    locking(mlflow)
    assert (spec.parent / "platform.lock").read_bytes() == before


def test_the_version_before_is_kept(spec: Path, mlflow: Mlflow) -> None:
    locking(mlflow)
    mlflow.version, mlflow.uri = "8", "mlflow-artifacts:/1/models/m-2/artifacts"
    assert locking(mlflow, "--check").exit_code == 1
    locking(mlflow)
    (entry,) = lock.read(spec).models["default"].values()
    assert (entry.version, entry.previous) == ("8", "s3://mlflow/1/models/m-1/artifacts")
    assert locking(mlflow, "--check").exit_code == 0


def test_another_environments_versions_stay(spec: Path, mlflow: Mlflow) -> None:
    spec.write_text(f"{SPEC}  environments: {{dev: {{}}, prod: {{}}}}\n")
    assert locking(mlflow, "dev").exit_code == 0
    mlflow.version = "8"
    assert locking(mlflow, "prod").exit_code == 0
    versions = {name: entries["churn"].version for name, entries in lock.read(spec).models.items()}
    assert versions == {"dev": "7", "prod": "8"}


def _nested(depth: int) -> list[object]:
    """A short text in YAML, by aliases, that stands for ten values to the power of the depth."""
    value: list[object] = ["x"] * 10
    for _ in range(depth - 1):
        value = [value] * 10
    return value


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"uri": "file:///mlruns/1"}, "which is in no object store"),
        ({"uri": "s3://elsewhere/1/models/m-1"}, "nothing writes there in `seaweedfs`"),
        ({"uri": "s3://mlflow/a b"}, "its `uri` is nothing that a lock can hold"),
        ({"version": "x"}, "its answer is not MLflow's"),
        ({"body": b"<html>"}, "its answer is not MLflow's"),
        ({"body": b"[1]"}, "its answer is not MLflow's"),
        ({"body": b" " * (2**20 + 1)}, "larger than 1 MiB"),
        ({"mlmodel": {"flavors": {}}}, "names no flavour"),
        ({"mlmodel": {"flavors": {"spark": {}}}}, "has the flavour spark alone"),
        (
            {"mlmodel": {"flavors": {"python_function": {}}, "signature": {"inputs": "{"}}},
            "not JSON",
        ),
        (
            {"mlmodel": {"flavors": {"python_function": {}}, "signature": {"inputs": _nested(8)}}},
            "holds more than",
        ),
        ({"body": b"[" * 100_000}, "its answer is not MLflow's"),
        (
            {"mlmodel_text": b"flavors: {a: &a {}, <<: [*a, *a]}"},
            "the file `MLmodel` holds the merge key",
        ),
        ({"mlmodel_text": b"[" * 500 + b"]" * 500}, "the file `MLmodel` is nested deeper than 100"),
        (
            {"mlmodel": {"flavors": {"python_function": {}}, "signature": {"inputs": "[" * 9999}}},
            "the signature in `MLmodel` is nested deeper than 100",
        ),
    ],
)
def test_what_cannot_be_served_is_refused_and_the_lock_stays(
    spec: Path, mlflow: Mlflow, change: dict[str, object], reason: str
) -> None:
    locking(mlflow)
    lock_text = (spec.parent / "platform.lock").read_bytes()
    for name, value in change.items():
        setattr(mlflow, name, value)
    refused = locking(mlflow)
    assert refused.exit_code == 1
    assert reason in refused.stderr
    assert (spec.parent / "platform.lock").read_bytes() == lock_text


def test_a_version_without_a_size_is_named(spec: Path, mlflow: Mlflow) -> None:
    del mlflow.mlmodel["model_size_bytes"]
    result = locking(mlflow)
    assert result.exit_code == 0
    assert "warning[unknown-size]" in result.stderr
    spec.write_text(SPEC.replace("alias: champion", "alias: champion, size: 1Gi"))
    assert "unknown-size" not in locking(mlflow).stderr


def test_an_alias_that_does_not_exist_is_named(spec: Path, mlflow: Mlflow) -> None:
    spec.write_text(SPEC.replace("champion", "challenger"))
    refused = locking(mlflow)
    assert "error[unknown-version]" in refused.stderr
    assert "it answers: alias x not found" in refused.stderr
    assert not (spec.parent / "platform.lock").exists()


def test_a_token_goes_by_https_or_to_this_machine(
    spec: Path, mlflow: Mlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "a-token")
    assert locking(mlflow).exit_code == 0
    assert mlflow.token == "Bearer a-token"
    plain = run("models", "lock", "--server", "http://mlflow.example.internal")
    assert plain.exit_code == 2
    assert "a token goes to no server by plain HTTP" in plain.stderr
    assert "a-token" not in plain.output


def test_a_token_does_not_follow_to_another_server(
    spec: Path, mlflow: Mlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "a-token")
    with Mlflow() as second_server:
        threading.Thread(target=second_server.serve_forever, args=(0.01,), daemon=True).start()
        mlflow.redirect = f"{second_server.url}/api/2.0/mlflow/registered-models/alias?alias=x"
        assert locking(mlflow).exit_code == 1
        assert (mlflow.token, second_server.token) == ("Bearer a-token", "")
        second_server.shutdown()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "name the registry's address"),
        (("--server", "mlflow.example"), "is no address of a server"),
        (("--server", "https://user:pass@mlflow.example"), "has no login"),
    ],
)
def test_an_address_that_is_none(spec: Path, words: tuple[str, ...], reason: str) -> None:
    refused = run("models", "lock", *words)
    assert refused.exit_code == 2
    assert reason in refused.stderr
    assert "pass" not in refused.stderr


def test_several_registries_are_told_apart(spec: Path, mlflow: Mlflow) -> None:
    two = SPEC.replace("    kserve:", "    mlflow-red: {type: mlflow}\n    kserve:")
    spec.write_text(two)
    assert locking(mlflow).exit_code == 1
    spec.write_text(two.replace("champion}", "champion, bind: {tracking: mlflow-red}}"))
    mlflow.uri = "s3://mlflow-red/1/models/m-1/artifacts"
    result = run("models", "lock", "--server", f"mlflow-red={mlflow.url}")
    assert result.exit_code == 0, result.stderr
    assert run("validate").exit_code == 0
    spec.write_text(two.replace("champion}", "champion, bind: {tracking: seaweedfs}}"))
    refused = run("validate").stderr
    assert "`seaweedfs` has no registry of models" in refused


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", "7; rm"), ("version", 7), ("uri", "file:///etc/passwd"), ("uri", "s3://A/x"),
        ("uri", "s3://mlflow/a\nb"), ("size", 0), ("size", "4Gi"), ("flavour", "../x"),
        ("signature", "sha256:1"), ("inputs", ["age"]), ("previous", "x"), ("other", "x"),
        ("model", "a/b"), ("alias", ""),
    ],
)  # fmt: skip
def test_a_lock_is_validated_as_the_spec_is(key: str, value: object) -> None:
    with pytest.raises(BrokenLockError, match=f"models.default.churn.{key}"):
        locked({**ENTRY, key: value})


def test_a_lock_of_another_shape_is_refused() -> None:
    for text in ("models: []", "models: {default: []}", "models: {Default: {}}", "other: {}"):
        with pytest.raises(BrokenLockError):
            lock.parse(text.encode(), "platform.lock")


def differences(before: dict[str, object], after: dict[str, object]) -> str:
    old, new = (
        pipeline.compile(SPEC.encode(), "platform.yaml", locked(entry)) for entry in (before, after)
    )
    return render(compare(old, new))


@pytest.mark.parametrize(
    ("before", "after", "risk", "reason"),
    [
        ({}, {"tenure": "double"}, "downtime", "gains `tenure` (double)"),
        ({}, {"tenure": "double?"}, "rolling restart", "gains `tenure` (double?)"),
        ({"age": "long"}, {"age": "double"}, "downtime", "changes `age` from long to double"),
        ({"age": "long"}, {}, "rolling restart", "loses `age`"),
        ({"age": "long"}, {"age": "long"}, "rolling restart", "version 7 to 8: the same signature"),
    ],
)
def test_a_difference_of_the_signature_is_rated(
    before: dict[str, str], after: dict[str, str], risk: str, reason: str
) -> None:
    new = {**ENTRY, "version": "8", "uri": "s3://mlflow/1/models/m-2/artifacts", "inputs": after}
    text = differences({**ENTRY, "inputs": before}, new)
    assert f"[{risk}]" in text
    assert reason in text
    assert "from models.default.churn (platform.lock)" in text


def test_an_answer_that_is_lost_breaks_callers() -> None:
    new = {**ENTRY, "version": "8", "uri": "s3://mlflow/1/models/m-2/artifacts"}
    text = differences({**ENTRY, "outputs": {"risk": "double"}}, new)
    assert "[downtime]" in text
    assert "no longer answers `risk` (double)" in text


def test_environments_with_the_same_version_share_the_model() -> None:
    result = compiled("model-registry")
    dev, prod = (result.platforms[name].instances for name in ("dev", "prod"))
    assert dev["fraud"] is prod["fraud"]
    assert (dev["churn"].spec.size, prod["churn"].spec.size) == ("3687Mi", "700Mi")


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ("{model: churn}", "missing-key"),
        ("{format: sklearn, uri: s3://mlflow/1, alias: champion}", "missing-key"),
        ("{format: sklearn}", "missing-key"),
        ("{uri: s3://mlflow/1}", "missing-key"),
        ("{model: churn, alias: champion, uri: s3://mlflow/1}", "invalid-value"),
        ("{model: models:/churn, alias: champion}", "invalid-name"),
        ("{model: churn, alias: champion}", "unlocked-model"),
    ],
)
def test_a_source_that_is_incomplete_or_double_is_named(section: str, code: str) -> None:
    text = SPEC.replace("{model: churn, alias: champion}", section)
    errors = pipeline.compile(text.encode(), "platform.yaml").report.sorted()
    assert [error.code for error in errors] == [code]
