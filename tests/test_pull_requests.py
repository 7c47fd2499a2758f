"""The GitHub Action and the pre-commit hooks, each run as its host would run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from support import composite_action
from support.composite_action import Outcome
from support.paths import ROOT

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: planned}
spec:
  namespace: mlops
  components:
    minio: {namespace: storage, replicas: 4, storage: 500Gi}
    postgres: {}
    mlflow: {}
"""
LARGER = SPEC.replace("storage: 500Gi", "storage: 600Gi")
SMALLER = SPEC.replace("storage: 500Gi", "storage: 400Gi")
ACTION: dict[str, Any] = yaml.load((ROOT / "action.yml").read_text(), yaml.CSafeLoader)
(UPLOAD,) = (step["uses"] for step in ACTION["runs"]["steps"] if "uses" in step)


def shell(folder: Path, *words: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    identity = {f"GIT_{role}_{field}": "t@example.org" for role in ("AUTHOR", "COMMITTER")
           for field in ("NAME", "EMAIL")}  # fmt: skip
    variables = {**os.environ, **identity, "PATH": path or os.environ["PATH"]}
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, env=variables)


def script(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@dataclass
class Runner:
    """A runner with a checkout of a pull request."""

    checkout: Path
    temp: Path
    base: str
    hub: Hub

    @property
    def path(self) -> str:
        return f"{self.temp}/bin:/usr/local/bin:/usr/bin:/bin"

    def run(
        self, event: str = "pull_request", payload: dict[str, Any] | None = None, **inputs: str
    ) -> Outcome:
        """The action under an event, with the content of its JSON (by default of a pull request)."""
        if payload is None:
            payload = {"pull_request": {"number": 7, "base": {"sha": self.base}}}
        github = {"event_name": event, "event": payload}
        names = {name.replace("_", "-"): value for name, value in inputs.items()}
        return composite_action.run(
            ROOT / "action.yml", self.checkout, self.temp, self.path, inputs=names, github=github,
            runner={"GITHUB_API_URL": self.hub.url, "GITHUB_REPOSITORY": "ml/platform"},
        )  # fmt: skip

    def write(self, text: str, *, compiled: bool = True) -> None:
        (self.checkout / "platform.yaml").write_text(text)
        if compiled:
            result = shell(self.checkout, "platformc", "compile", path=self.path)
            assert result.returncode == 0, result.stderr


class Hub(ThreadingHTTPServer):
    """GitHub's comments of pull request 7, as its REST API serves them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Comments)
        self.comments: list[dict[str, Any]] = []
        self.writable = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, body: str, kind: str = "User") -> dict[str, Any]:
        self.comments.append({"id": len(self.comments) + 1, "user": {"type": kind}, "body": body})
        return self.comments[-1]


class _Comments(BaseHTTPRequestHandler):
    server: Hub
    _ISSUE, _COMMENT = "/repos/ml/platform/issues/7/comments", "/repos/ml/platform/issues/comments/"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        assert url.path == self._ISSUE
        query = {key: int(values[0]) for key, values in parse_qs(url.query).items()}
        first_index = query["per_page"] * (query["page"] - 1)
        self._answer(200, self.server.comments[first_index : first_index + query["per_page"]])

    def do_POST(self) -> None:
        assert self.path == self._ISSUE
        self._write(lambda body: self.server.add(body, "Bot"))

    def do_PATCH(self) -> None:
        assert self.path.startswith(self._COMMENT)
        comment = self.server.comments[int(self.path.removeprefix(self._COMMENT)) - 1]
        self._write(lambda body: comment.update(body=body))

    def _write(self, change: Callable[[str], object]) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != "Bearer a-token" or not self.server.writable:
            self._answer(403, {"message": "Resource not accessible by integration"})
            return
        change(json.loads(text)["body"])
        self._answer(200, {})

    def _answer(self, status: int, value: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests' output is for failures."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a platform that was compiled and committed."""
    folder = tmp_path_factory.mktemp("committed")
    (folder / "platform.yaml").write_text(SPEC)
    result = shell(folder, sys.executable, "-P", "-m", "compiler", "compile")
    assert result.returncode == 0, result.stderr
    shell(folder, "git", "init", "-q", "-b", "main")
    shell(folder, "git", "add", "-A")
    shell(folder, "git", "commit", "-q", "-m", "before")
    return folder


@pytest.fixture
def runner(tmp_path: Path, committed: Path, hub: Hub) -> Runner:
    """A copy of that platform. Installing is another test's (tests/live/test_hosts.py)."""
    checkout, temp = tmp_path / "checkout", tmp_path / "temp"
    shutil.copytree(committed, checkout, symlinks=True)
    temp.mkdir()
    call = f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m compiler "$@"'
    script(temp / "bin", "platformc", call)
    # The program of the install step: the real venv, which gets the same compiler and no pip.
    install = f'[ "$3" = venv ] || exec "{sys.executable}" "$@"\n'
    install += f'"{sys.executable}" "$@" --without-pip && cp "{temp}/bin/platformc" "$4/bin/" && '
    install += f'ln -sf "{temp}/bin/true" "$4/bin/python"'
    script(temp / "bin", "python3", install)
    script(temp / "bin", "true", "exit 0")
    revision = shell(checkout, "git", "rev-parse", "HEAD").stdout.strip()
    return Runner(checkout, temp, revision, hub)


def test_a_good_change_is_planned_and_commented(runner: Runner) -> None:
    runner.write(LARGER)
    outcome = runner.run()
    assert outcome.failed == [], outcome.log
    assert outcome.outputs["risk"] == "downtime"
    plan = Path(outcome.outputs["plan"]).read_text()
    assert "500Gi -&gt; 600Gi" in plan or "500Gi -> 600Gi" in plan
    assert (runner.temp / "GITHUB_STEP_SUMMARY").read_text() == plan
    (comment,) = runner.hub.comments
    assert comment["body"] == f"<!-- platformc: platform.yaml -->\n{plan}"
    assert outcome.used[UPLOAD]["sarif_file"] == f"{runner.temp}/platformc.sarif"
    sarif = json.loads((runner.temp / "platformc.sarif").read_text())
    assert sarif["version"] == "2.1.0"


def test_a_bad_spec_annotates_its_line_and_is_uploaded_all_the_same(runner: Runner) -> None:
    runner.write(SPEC.replace("replicas: 4", "replica: 4"), compiled=False)
    outcome = runner.run()
    assert outcome.failed == ["Validate"]
    assert re.search(r"^::error file=platform\.yaml,line=7,", outcome.log, re.MULTILINE)
    sarif = json.loads((runner.temp / "platformc.sarif").read_text())
    assert any(result["ruleId"] == "unknown-key" for result in sarif["runs"][0]["results"])
    assert UPLOAD in outcome.used
    assert runner.hub.comments == []


def test_two_platforms_of_a_repository_have_results_of_their_own(runner: Runner) -> None:
    (runner.checkout / "ml").mkdir()
    (runner.checkout / "ml" / "platform.yaml").write_text(SPEC)
    shell(runner.checkout, "git", "add", "-A")
    shell(runner.checkout, "git", "commit", "-q", "-m", "a second platform")
    base = shell(runner.checkout, "git", "rev-parse", "HEAD").stdout.strip()
    (runner.checkout / "ml" / "platform.yaml").write_text(SMALLER)
    one = runner.run(base=base)
    two = runner.run(base=base, file="ml/platform.yaml", check="false")
    assert (one.failed, two.failed) == ([], []), two.log
    assert (one.outputs["risk"], two.outputs["risk"]) == ("no-op", "data-loss")
    assert "nothing changes" in Path(one.outputs["plan"]).read_text()
    assert "400Gi" in Path(two.outputs["plan"]).read_text()
    assert one.used[UPLOAD]["category"] != two.used[UPLOAD]["category"]
    bodies = [comment["body"] for comment in runner.hub.comments]
    assert [body.split("\n")[0] for body in bodies] == [
        f"<!-- platformc: {file} -->" for file in ("platform.yaml", "ml/platform.yaml")
    ]


def test_a_later_plan_replaces_its_own_comment_and_no_other(runner: Runner) -> None:
    for number in range(120):  # more than a page
        runner.hub.add(f"a remark {number}")
    runner.hub.add("a bot's remark", "Bot")
    runner.hub.comments += [
        {"id": 122, "user": None, "body": "a deleted account"},
        {"id": 123, "user": None},
    ]
    forged = runner.hub.add("<!-- platformc: platform.yaml -->\nwho wrote this can change it")
    before = [dict(comment) for comment in runner.hub.comments]
    for text, amount in ((LARGER, "600Gi"), (SMALLER, "400Gi")):
        runner.write(text)
        assert runner.run(sarif="false").failed == []
        *foreign_comments, mine = runner.hub.comments
        assert foreign_comments == before, forged
        assert amount in mine["body"]


def test_a_token_that_may_not_comment_is_a_warning(runner: Runner) -> None:
    runner.hub.writable = False
    outcome = runner.run(sarif="false")
    assert outcome.failed == []
    assert "::warning::The plan could not be commented: HTTP Error 403" in outcome.log
    assert runner.hub.comments == []


def test_a_stale_tree_fails(runner: Runner) -> None:
    runner.write(LARGER, compiled=False)
    outcome = runner.run()
    assert outcome.failed == ["Check that the compiled tree is current"]
    assert "error[stale-output]" in outcome.log
    (comment,) = runner.hub.comments  # without it, the plan of an earlier commit would stay
    assert "600Gi" in comment["body"]
    unchecked = runner.run(check="false")
    assert unchecked.failed == []


@pytest.mark.parametrize(
    ("bound", "fails"),
    [("data-loss", True), ("downtime", True), ("", False), ("danger", True)],
)
def test_a_risk_can_fail_the_run(runner: Runner, bound: str, fails: bool) -> None:
    runner.write(SMALLER, compiled=False)
    outcome = runner.run(fail_on=bound, check="false", sarif="false")
    assert outcome.outputs["risk"] == "data-loss"
    assert outcome.failed == (["Judge the risk"] if fails else [])


def test_a_lower_risk_passes(runner: Runner) -> None:
    runner.write(LARGER, compiled=False)
    assert runner.run(fail_on="data-loss", check="false", sarif="false").failed == []


ZEROS = "0" * 40  # GitHub's revision before the first push of a branch
# Each event with its JSON, and the risk that the action says; a plan that could not be made fails.
EVENTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "the first push of a branch": ("push", {"before": ZEROS}, "unknown"),
    "a push": ("push", {"before": "BASE"}, "data-loss"),
    "a push whose commit is gone": ("push", {"before": "1" * 40}, "unknown"),
    "a schedule": ("schedule", {"schedule": "0 4 * * *"}, "unknown"),
    "a run by hand": ("workflow_dispatch", {"inputs": None}, "unknown"),
    "before there was a spec": ("push", {"before": "EMPTY"}, "new"),
}


@pytest.mark.parametrize("event", EVENTS)
def test_a_plan_that_could_not_be_made_is_no_green_gate(runner: Runner, event: str) -> None:
    name, payload, risk = EVENTS[event]
    empty = shell(runner.checkout, "git", "commit-tree", "-m", "x", _EMPTY_TREE).stdout.strip()
    payload = json.loads(json.dumps(payload).replace("BASE", runner.base).replace("EMPTY", empty))
    runner.write(SMALLER, compiled=False)
    outcome = runner.run(name, payload, check="false", sarif="false", fail_on="data-loss")
    assert outcome.outputs["risk"] == risk, outcome.log
    assert outcome.failed == ([] if risk == "new" else ["Judge the risk"])
    assert "Comment the plan" in outcome.skipped


_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def _moved_behind_a_link(checkout: Path) -> None:
    """Move `ml/` to `ml2/`, and leave a link."""
    (checkout / "ml").rename(checkout / "ml2")
    (checkout / "ml").symlink_to("ml2")


def _moved_into_a_submodule(checkout: Path) -> None:
    shutil.rmtree(checkout / "ml")
    shell(checkout, "git", "rm", "-rqf", "--cached", "ml")
    entry = f"160000,{'1' * 40},ml"
    shell(checkout, "git", "update-index", "--add", "--cacheinfo", entry)


@pytest.mark.parametrize("move", [_moved_behind_a_link, _moved_into_a_submodule])
@pytest.mark.parametrize("folder", [".", "ml"])
def test_a_spec_behind_a_link_of_the_base_is_not_new(
    runner: Runner, move: Callable[[Path], None], folder: str
) -> None:
    """Git follows no link in a commit, and so sees no file at the path."""
    checkout = runner.checkout
    (checkout / "ml").mkdir()
    (checkout / "ml" / "platform.yaml").write_text(SPEC)
    shell(checkout, "git", "add", "-A")
    move(checkout)
    if move is _moved_behind_a_link:
        shell(checkout, "git", "add", "-A")
    shell(checkout, "git", "commit", "-q", "-m", "moved")
    base = shell(checkout, "git", "rev-parse", "HEAD").stdout.strip()
    if (checkout / "ml").is_symlink():
        (checkout / "ml").unlink()
    (checkout / "ml").mkdir(exist_ok=True)
    (checkout / "ml" / "platform.yaml").write_text(SMALLER)
    if folder == ".":
        outcome = runner.run(
            base=base, file="ml/platform.yaml", check="false", sarif="false", fail_on="data-loss"
        )
        assert outcome.outputs["risk"] == "unknown", outcome.log
        assert outcome.failed == ["Judge the risk"]
    else:
        result = shell(checkout / "ml", "platformc", "diff", f"git:{base}", path=runner.path)
        assert result.returncode == 2, result.stderr
        assert "lies behind `ml`, which is no folder there" in result.stderr


def test_a_spec_in_a_folder_that_the_base_has_is_new(runner: Runner) -> None:
    (runner.checkout / "ml").mkdir()
    (runner.checkout / "ml" / "README.md").write_text("soon")
    shell(runner.checkout, "git", "add", "-A")
    shell(runner.checkout, "git", "commit", "-q", "-m", "a folder")
    (runner.checkout / "ml" / "platform.yaml").write_text(SPEC)
    outcome = runner.run(
        base="HEAD", file="ml/platform.yaml", check="false", sarif="false", fail_on="data-loss"
    )
    assert outcome.outputs["risk"] == "new", outcome.log
    assert outcome.failed == []


@pytest.mark.parametrize("base", ["main", "origin/main"])
def test_a_branch_that_the_checkout_lacks_is_fetched(runner: Runner, base: str) -> None:
    """actions/checkout fetches one revision."""
    origin, clone = runner.temp / "origin", runner.temp / "clone"
    shell(runner.checkout, "git", "clone", "-q", "--bare", ".", str(origin))
    shell(runner.checkout, "git", "checkout", "-q", "-b", "change")
    runner.write(SMALLER)
    shell(runner.checkout, "git", "commit", "-qam", "a change")
    shell(runner.checkout, "git", "push", "-q", str(origin), "change")
    shell(
        runner.temp, "git", "clone", "-q", "--depth=1", "-b", "change", origin.as_uri(), str(clone)
    )
    runner.checkout = clone
    outcome = runner.run(base=base, sarif="false")
    assert outcome.failed == [], outcome.log
    assert outcome.outputs["risk"] == "data-loss", outcome.log


@pytest.mark.parametrize("planted", ["BASE/platform.yaml", "main/platform.yaml"])
def test_a_folder_that_is_named_like_the_base_changes_no_plan(runner: Runner, planted: str) -> None:
    runner.write(SMALLER, compiled=False)
    folder = runner.checkout / planted.replace("BASE", runner.base)
    folder.parent.mkdir()
    folder.write_text(SMALLER)
    outcome = runner.run(check="false", sarif="false", fail_on="data-loss")
    assert outcome.outputs["risk"] == "data-loss"
    assert outcome.failed == ["Judge the risk"]


def test_a_module_of_the_pull_request_is_not_run(runner: Runner) -> None:
    for module in ("venv", "subprocess", "json", "pip"):
        (runner.checkout / f"{module}.py").write_text("open('ran', 'w').close()\n")
    runner.write(LARGER)
    assert runner.run(sarif="false").failed == []
    assert not (runner.checkout / "ran").exists()


def test_pull_request_target_is_refused(runner: Runner) -> None:
    outcome = runner.run("pull_request_target")
    assert outcome.failed[0] == "Refuse pull_request_target"
    assert {"Install platformc", "Plan", "Comment the plan"} <= {*outcome.skipped}


def test_an_upload_that_fails_stops_nothing() -> None:
    """A private repository without GitHub Code Security refuses it."""
    (step,) = (
        upload_step
        for upload_step in ACTION["runs"]["steps"]
        if upload_step.get("uses", "").startswith("github/")
    )
    assert step["continue-on-error"] is True


def test_a_push_is_not_commented(runner: Runner) -> None:
    outcome = runner.run("push", base="HEAD", sarif="false")
    assert outcome.failed == []
    assert "Comment the plan" in outcome.skipped
    assert outcome.used == {}
    assert outcome.outputs["risk"] == "no-op"


def test_no_script_holds_an_expression() -> None:
    """A program that a pull request names could else be run."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_actions_are_named_by_commit() -> None:
    """A tag can be moved."""
    texts = [(ROOT / "action.yml").read_text(), (ROOT / "docs" / "delivery.md").read_text()]
    used = re.findall(r"uses: (\S+)@(\S+)", "\n".join(texts))
    assert len(used) > 2
    for action, version in used:
        assert re.fullmatch(r"[0-9a-f]{40}", version), action


HOOKS: dict[str, Any] = {
    hook["id"]: hook
    for hook in yaml.load((ROOT / ".pre-commit-hooks.yaml").read_text(), yaml.CSafeLoader)
}


def hook(runner: Runner, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The work of pre-commit for a hook: its entry, with the user's arguments, in the checkout."""
    return shell(runner.checkout, *HOOKS[name]["entry"].split(), *arguments, path=runner.path)


@pytest.mark.parametrize(
    ("name", "path", "concerned"),
    [
        ("platformc-validate", "platform.yaml", True),
        ("platformc-validate", "ml/platform.yaml", True),
        ("platformc-validate", "base/mlflow/kustomization.yaml", False),
        ("platformc-check", "platform.lock", True),
        ("platformc-check", "platformc.sum", True),
        ("platformc-check", "overlays/dev/kustomization.yaml", True),
        ("platformc-check", "README.md", False),
    ],
)
def test_hooks_run_where_they_are_concerned(name: str, path: str, concerned: bool) -> None:
    assert bool(re.search(HOOKS[name]["files"], path)) is concerned


def test_hooks_pass_a_good_commit_and_stop_a_bad_one(runner: Runner) -> None:
    assert {hook(runner, name).returncode for name in HOOKS} == {0}
    runner.write(LARGER, compiled=False)
    assert hook(runner, "platformc-validate").returncode == 0
    stale = hook(runner, "platformc-check")
    assert stale.returncode == 1
    assert "run `platformc compile`" in stale.stderr
    runner.write(SPEC.replace("minio:", "minoi:"), compiled=False)
    misspelt = hook(runner, "platformc-validate")
    assert misspelt.returncode == 1
    assert "did you mean `minio`?" in misspelt.stderr
    assert hook(runner, "platformc-validate", "-f", "nothing.yaml").returncode == 2
