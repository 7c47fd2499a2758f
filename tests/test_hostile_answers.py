"""Hostile answers of registries and clusters, and links in the place of the lock."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command_line import run
from support.paths import SCENARIOS
from support.scenarios import compiled
from test_adopt import LIVE

from compiler.delivery import doctor
from compiler.delivery.adoption import adoptions, live_objects, strangers, text
from compiler.delivery.answers import Ask, WrongAnswerError
from compiler.delivery.doctor import check
from compiler.upstream import lock
from compiler.upstream.image_digests import _token

DIGEST = f"sha256:{'ab' * 32}"
ANSWERS = ["[1]", "{}", "null", "\ufffd", "5", '"x"', "[" * 100_000, '{"serverVersion": []}',
           '{"items": 5, "serverVersion": {"major": "1", "minor": "x"}}']  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_cluster_that_answers_nonsense_is_said(answer: str) -> None:
    lowered = compiled("minimal").lowered["default"]
    findings = list(check(lowered, lambda words, stdin: (0, answer, ""), 0.0))
    assert not all(finding.passed for finding in findings)


def answering(answer: str) -> Ask:
    """A kubectl that gives one answer to every question."""
    return lambda words, stdin: (0, answer, "")


def replaced(value: Any, replacement: object) -> Iterator[Any]:
    """A value with each part replaced once."""
    yield replacement
    parts: Any = value if isinstance(value, dict) else {}
    if isinstance(value, list):
        parts = dict(enumerate(value))
    for key, part in parts.items():
        for changed in replaced(part, replacement):
            copied = copy.copy(value)
            copied[key] = changed
            yield copied


@pytest.mark.parametrize("replacement", [5, "x", None, [], {}, [5], {"x": 5}], ids=repr)
def test_live_servers_with_a_wrong_field_are_read_or_refused(replacement: object) -> None:
    lowered = compiled("adopt").lowered["prod"]
    refused = 0
    for items in replaced(LIVE, replacement):
        answer = json.dumps({"items": items})
        try:
            objects = live_objects(answering(answer), ("mlflow",))
        except WrongAnswerError:
            refused += 1
            continue
        for adoption in adoptions(lowered, objects):
            assert text(adoption)
        assert strangers(objects) is not None
    assert refused


def test_a_mistake_of_ours_is_no_answer_of_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is read of an answer may be blamed on the cluster."""
    monkeypatch.setattr(doctor, "_checks", lambda lowered, ask: [{"a": 1}["bug"]])
    with pytest.raises(KeyError, match="bug"):
        list(check(compiled("minimal").lowered["default"], lambda words, stdin: (0, "{}", ""), 0.0))


def test_a_cluster_forges_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(
        "#!/bin/sh\nprintf 'x\\nok       injected\\n::error::y\\033[2J' >&2; exit 1\n"
    )
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    spec = str(SCENARIOS / "minimal" / "platform.yaml")
    result = run("doctor", "default", "-f", spec)
    assert result.exit_code == 1
    assert result.stdout.count("\n") == 1
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize(
    "realm",
    ["http://localhost:1/t", "https://127.0.0.1:1/t", "http://r.example/t", "file:///x", ""],
)
def test_a_distant_registry_sends_for_no_token_to_this_machine(realm: str) -> None:
    with pytest.raises(OSError, match="for a token"):
        _token(f'Bearer realm="{realm}",service="r"', local=False)


@pytest.mark.parametrize("name", [".platform.lock.new", "platform.lock"])
def test_the_lock_is_not_written_through_a_link(tmp_path: Path, name: str) -> None:
    victim, checkout = tmp_path / "victim", tmp_path / "checkout"
    checkout.mkdir()
    victim.write_text("precious")
    (checkout / "platform.yaml").write_text("")
    (checkout / name).symlink_to(victim)
    lock.write(checkout / "platform.yaml", lock.Lock({"docker.io/a/b:1": DIGEST}))
    assert victim.read_text() == "precious"
    assert not (checkout / "platform.lock").is_symlink()
    assert lock.read(checkout / "platform.yaml").images == {"docker.io/a/b:1": DIGEST}
