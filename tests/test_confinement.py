"""The compiler itself: no network, no program, nothing written outside, nothing constructed.

An audit hook of the interpreter sees every socket, process and file, whoever asks for it. It cannot
be taken off again, so each look is a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SCENARIOS, compiled, scenario_names

from compiler import pipeline, write

WATCH = """
import json, os, sys
root, arguments = sys.argv[1], sys.argv[2:]
seen = []
FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn",
             "os.fork", "urllib.", "http.client.", "ftplib.", "smtplib.", "pty.", "webbrowser.",
             "ctypes.dlopen", "pickle.find_class")
CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.chmod",
           "os.chown", "os.truncate", "shutil.rmtree", "shutil.move")

def inside(path):
    return os.path.realpath(os.fspath(path)).startswith(os.path.realpath(root))

def hook(event, args):
    if event.startswith(FORBIDDEN):
        seen.append(event)
    elif event == "open" and isinstance(args[0], (str, bytes)):
        flags = args[2] if isinstance(args[2], int) else 0
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and not inside(os.fsdecode(args[0])):
            seen.append(f"writes {os.fsdecode(args[0])}")
    elif event in CHANGES and not inside(os.fsdecode(args[0])):
        seen.append(f"{event} {os.fsdecode(args[0])}")

from compiler.cli import platformc  # importing is not compiling; what it imports is ours anyway
from click.testing import CliRunner
sys.addaudithook(hook)
if arguments[0] == "PROBE":
    import socket, pathlib
    socket.socket().close()
    pathlib.Path(root).parent.joinpath("outside").write_text("x")
    os.system("true")
    output, status = "", 0
else:
    result = CliRunner().invoke(platformc, arguments)
    output, status = result.output, result.exit_code
sys.stdout.write(json.dumps({"seen": seen, "status": status, "output": output}))
"""


def watched(root: Path, *arguments: object) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", WATCH, str(root), *(str(one) for one in arguments)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("confined") / "root"
    folder.mkdir()
    (folder / "platform.yaml").write_text(
        (SCENARIOS / "external-secrets" / "platform.yaml").read_text()
    )
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("compile",),
        ("compile", "--check"),
        ("validate",),
        ("validate", "--format", "json"),
        ("render", "default"),
        ("graph",),
        ("images", "default"),
        ("apply-plan", "default"),
        ("secrets", "list", "default"),
        ("secrets", "rotate", "default", "mlflow-artifacts"),
    ],
    ids=" ".join,
)
def test_no_verb_reaches_out(place: Path, arguments: tuple[str, ...]) -> None:
    found = watched(place, *arguments, "-f", place / "platform.yaml")
    assert found["status"] == 0, found["output"]
    assert found["seen"] == []


def test_the_watch_sees_what_it_should(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    seen = watched(root, "PROBE")["seen"]
    assert isinstance(seen, list)
    assert {"socket.__new__", "os.system"} <= set(seen)
    assert any(str(one).startswith("writes ") for one in seen)


def test_a_tag_constructs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text("spec: !!python/object/apply:os.system ['touch owned']\n")
    found = watched(tmp_path, "validate", "-f", path)
    assert found["seen"] == []
    assert found["status"] == 1
    assert "yaml-tag" in str(found["output"])


# Paths


@pytest.mark.parametrize("scenario", scenario_names())
def test_every_path_of_the_tree_is_below_it(scenario: str) -> None:
    for path in compiled(scenario).tree(rendered=compiled(scenario).environments):
        assert not path.startswith("/")
        assert not {"..", "", "."} & set(path.split("/")), path


@pytest.mark.parametrize(
    "hostile",
    [
        "components: {../../etc: {type: postgres}}",
        "components: {a/b: {type: postgres}}",
        "environments: {../out: {}}",
        "namespace: ../..",
        "secrets: {provider: sealed-secrets, certificate: ../../etc/passwd}",
        "secrets: {provider: sealed-secrets, certificate: /etc/passwd}",
        "secrets: {provider: sealed-secrets, certificate: certificates/../../x}",
        "workloads: {../job: {image: 'a:1'}}",
    ],
)
def test_a_name_cannot_lead_out_of_the_tree(hostile: str) -> None:
    spec = f"""\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: hostile}}
spec:
  {hostile}
"""
    result = pipeline.compile(spec.encode(), "platform.yaml")
    assert result.report.failed
    assert {one.code for one in result.report.sorted()} <= {"invalid-name", "invalid-value"}


# What a repository may bring along: links, and a journal that nobody sealed


def _locked(root: Path) -> None:
    with write.exclusive(root):
        write.recover(root)


@pytest.mark.parametrize("name", ["", "lock", "fresh", "journal.json.new", ".gitignore"])
def test_a_link_where_the_compiler_keeps_its_state_is_refused(tmp_path: Path, name: str) -> None:
    root, victim = tmp_path / "root", tmp_path / "victim"
    root.mkdir()
    victim.mkdir() if not name else victim.write_text("precious")
    if name:
        (root / write.STATE).mkdir()
    (root / write.STATE / name if name else root / write.STATE).symlink_to(victim)
    with pytest.raises(OSError, match="symbolic link"):
        _locked(root)
    assert victim.is_dir() or victim.read_text() == "precious"


@pytest.mark.parametrize("field", ["write", "remove"])
@pytest.mark.parametrize("through_link", [False, True])
def test_a_journal_cannot_lead_out_of_the_tree(
    tmp_path: Path, field: str, through_link: bool
) -> None:
    root, victim = tmp_path / "root", tmp_path / "elsewhere" / "victim"
    (stage := root / write.STATE / "stage").mkdir(parents=True)
    victim.parent.mkdir()
    victim.write_text("precious")
    (root / "link").symlink_to(victim.parent)
    (stage / "0").write_text("owned")
    path = "link/victim" if through_link else "../elsewhere/victim"
    journal = {"write": [], "remove": [], field: [path]}
    (root / write.STATE / "journal.json").write_text(json.dumps(journal))
    with pytest.raises(OSError, match=r"symbolic link|not below"):
        _locked(root)
    assert victim.read_text() == "precious"
