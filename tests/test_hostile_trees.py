"""Attacks on users of hostile trees, each as it was done, and that it no longer works."""

from __future__ import annotations

import ctypes
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from support.command_line import run
from support.paths import ROOT, SCENARIOS

from compiler.files import Folder

SPEC = (SCENARIOS / "minimal" / "platform.yaml").read_text()
REFERENCE = (ROOT / "platform.yaml").read_text()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout that was compiled, next to a file that nothing in it may reach."""
    root = tmp_path / "checkout"
    root.mkdir()
    (tmp_path / "victim").write_text("precious\n")
    (root / "platform.yaml").write_text(SPEC)
    monkeypatch.chdir(root)
    assert run("compile").exit_code == 0
    return root


@pytest.fixture
def victim(tree: Path) -> Iterator[Path]:
    victim_folder = tree.parent / "victim"
    mode = victim_folder.stat().st_mode
    yield victim_folder
    assert victim_folder.read_text() == "precious\n"
    assert victim_folder.stat().st_mode == mode


def first_file(tree: Path) -> Path:
    return next(path for path in sorted((tree / "base").rglob("*.yaml")))


def git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    names = {f"GIT_{role}_{name}": "t@example.org" for role in ("AUTHOR", "COMMITTER")
             for name in ("NAME", "EMAIL")}  # fmt: skip
    return subprocess.run(
        ["git", "-C", str(folder), *words],
        capture_output=True,
        text=True,
        env={**os.environ, **names},
    )


# Programs


def _bare_repository(folder: Path, ran: Path) -> None:
    """A folder that Git takes for a repository, with a program that fetches missing objects."""
    for name in ("objects", "refs/heads"):
        (folder / name).mkdir(parents=True)
    (folder / "objects" / ".keep").touch()
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "refs" / "heads" / "main").write_text("0123456789" * 4 + "\n")
    (folder / "config").write_text(
        f"[core]\nrepositoryformatversion = 1\nbare = false\nworktree = {'..' if folder.name == '.git' else '.'}\n"
        f'sshCommand = "touch {ran};false"\n[extensions]\npartialClone = origin\n'
        '[remote "origin"]\npromisor = true\nurl = ssh://localhost/x\n[protocol "ssh"]\nallow = always\n'
    )


@pytest.mark.parametrize("words", [["diff"], ["diff", "main"], ["apply-plan", "--since", "HEAD"]])
@pytest.mark.parametrize("whole_tree", [False, True])
def test_a_repository_in_the_tree_runs_no_program(
    tree: Path, words: list[str], whole_tree: bool
) -> None:
    ran, folder = tree / "ran", tree / "ml"
    folder.mkdir()
    (folder / "platform.yaml").write_text(SPEC)
    _bare_repository(folder / ".git" if whole_tree else folder, ran)
    file = str(folder / "platform.yaml")
    assert run(*words, "-f", file).exit_code == 2
    assert not ran.exists()
    git(folder, "cat-file", "blob", "HEAD:./platform.yaml")
    assert ran.exists(), "the trap would not have sprung"


@pytest.fixture
def foreign(tree: Path) -> Path:
    """Another repository on the machine, with a spec that the tree may not show."""
    folder = tree.parent / "other"
    folder.mkdir()
    (folder / "platform.yaml").write_text(SPEC.replace("minimal", "precious"))
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")
    git(folder, "worktree", "add", "-q", str(tree.parent / "worktree"))
    return folder


def test_git_follows_no_link_to_another_repository(tree: Path, foreign: Path) -> None:
    (tree / ".git").symlink_to(foreign / ".git")
    result = run("diff", "HEAD")
    assert result.exit_code == 2
    assert "symbolic link" in result.stderr
    assert "precious" not in result.output


def _file(tree: Path, foreign: Path) -> None:
    (tree / ".git").write_text(f"gitdir: {foreign}/.git\n")


def test_a_git_file_with_any_bytes_leads_nowhere(tree: Path) -> None:
    for data in (b"", b"gitdir: a\0b", b"gitdir: \xff", b"x" * 100_000, b"gitdir: " + b"a/" * 5000):
        (tree / ".git").write_bytes(data)
        assert run("diff", "HEAD").exit_code == 2


def _worktree(tree: Path, foreign: Path) -> None:
    (tree / ".git").write_text(f"gitdir: {foreign}/.git/worktrees/worktree\n")


def _own_worktree(tree: Path, foreign: Path) -> None:
    """A folder in the tree itself that names the tree, and another repository."""
    folder = tree / "g" / "worktrees" / "a"
    folder.mkdir(parents=True)
    (tree / ".git").write_text("gitdir: g/worktrees/a\n")
    (folder / "gitdir").write_text(f"{tree}/.git\n")
    (folder / "commondir").write_text(f"{foreign}/.git\n")
    shutil.copy(foreign / ".git" / "HEAD", folder / "HEAD")


def _common(tree: Path, foreign: Path) -> None:
    git(tree, "init", "-q")
    (tree / ".git" / "commondir").write_text(f"{foreign}/.git\n")


def _linked_parts(tree: Path, foreign: Path) -> None:
    git(tree, "init", "-q")
    for name in ("objects", "refs"):
        shutil.rmtree(tree / ".git" / name)
        (tree / ".git" / name).symlink_to(foreign / ".git" / name)


@pytest.mark.parametrize("plant", [_file, _worktree, _own_worktree, _common, _linked_parts])
def test_git_reads_no_other_repository(
    plant: Callable[[Path, Path], None], tree: Path, foreign: Path
) -> None:
    plant(tree, foreign)
    assert "precious" in git(tree, "show", "HEAD:platform.yaml").stdout, "the trap would not spring"
    for words in (["diff", "HEAD"], ["apply-plan", "--since", "HEAD"]):
        result = run(*words)
        assert result.exit_code == 2, result.output
        assert "precious" not in result.output


def test_worktrees_and_submodules_are_read(
    tree: Path, foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree.parent / "worktree")
    assert run("diff", "HEAD").exit_code == 0
    git(tree, "init", "-q")
    git(tree, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(foreign), "sub")
    assert (tree / "sub" / ".git").is_file()
    monkeypatch.chdir(tree / "sub")
    assert run("diff", "HEAD").exit_code == 0


@pytest.mark.parametrize("planted", ["HEAD", "main/platform.yaml"])
def test_a_file_that_is_named_like_a_revision_takes_no_part(tree: Path, planted: str) -> None:
    git(tree, "init", "-q", "-b", "main")
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "before")
    (tree / planted).parent.mkdir(exist_ok=True)
    (tree / planted).write_text(SPEC)
    word = planted.split("/")[0]
    ambiguous = run("diff", word)
    assert ambiguous.exit_code == 2
    assert f"`git:{word}`" in ambiguous.stderr
    assert run("diff", f"git:{word}").exit_code == 0


def test_a_line_break_in_a_path_ends_no_comment(tree: Path) -> None:
    folder = tree / "nl\ntouch PWNED\n#"
    folder.mkdir()
    (folder / "platform.yaml").write_text(SPEC)
    result = run("apply-plan", "-f", str(folder / "platform.yaml"))
    assert result.exit_code == 2
    assert "\ntouch" not in result.output


# Links


def test_a_fix_writes_through_no_link(tree: Path, victim: Path) -> None:
    (tree / ".platform.yaml.new").symlink_to(victim)
    (tree / "platform.yaml").write_text(SPEC.replace("components", "componets"))
    assert run("validate", "--fix").exit_code == 0
    assert (tree / "platform.yaml").read_text() == SPEC


@pytest.mark.parametrize("words", [["validate"], ["validate", "--fix"], ["compile"], ["render"]])
def test_a_spec_that_is_a_link_out_is_not_read(tree: Path, victim: Path, words: list[str]) -> None:
    (tree / "platform.yaml").unlink()
    (tree / "platform.yaml").symlink_to(victim)
    result = run(*words)
    assert result.exit_code == 2
    assert "precious" not in result.output


def _place(kind: str, folder: Path, victim: Path) -> None:
    if folder.exists():
        folder.unlink()
    if kind == "link":
        folder.symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(folder)
    else:
        folder.symlink_to("/dev/zero" if kind == "device" else "/proc/self/environ")


@pytest.mark.parametrize("kind", ["link", "pipe", "device", "environment"])
def test_the_check_shows_and_waits_for_nothing_else(tree: Path, victim: Path, kind: str) -> None:
    _place(kind, first_file(tree), victim)
    result = run("compile", "--check")
    assert result.exit_code == 1
    assert "precious" not in result.output
    assert "XDG_CACHE_HOME" not in result.output


def test_the_check_shows_no_file_that_the_list_alone_names(tree: Path, victim: Path) -> None:
    (tree / "x").symlink_to(victim.parent)
    with (tree / "platformc.sum").open("a") as sums:
        sums.write(f"{'0' * 64}  x/victim\n{'0' * 64}  base/../../victim\n{'0' * 64}  base/gone\n")
    (tree / "base" / "gone").write_text("of no spec\n")
    result = run("compile", "--check")
    assert result.exit_code == 1
    assert "precious" not in result.output
    assert "of no spec" not in result.output
    assert run("compile").exit_code == 1  # `base/gone` has another digest than the list says


WRITERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "a client's variables": ("clients/default/mlflow-smoke/client.env", ("client-kit", "default", "mlflow-smoke")),
    "the plugin's file": ("plugin/plugin.yaml", ("argocd", "plugin", "--image", "r.example/p:1", "-o", "plugin")),
    "an ignore file": (".gitignore", ("init", "--name", "x", "fresh")),
}  # fmt: skip


@pytest.mark.parametrize("case", WRITERS)
def test_no_verb_writes_through_a_link(tree: Path, victim: Path, case: str) -> None:
    path, words = WRITERS[case]
    (tree / "platform.yaml").write_text(REFERENCE)
    folder = tree / "fresh" if words[0] == "init" else tree
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).symlink_to(victim)
    run(*(word.replace("default", "dev") for word in words))


def test_a_link_in_place_of_a_first_spec_is_left_alone(tree: Path) -> None:
    (tree / "fresh").mkdir()
    (tree / "fresh" / "platform.yaml").symlink_to(tree / "nowhere")
    assert run("init", "fresh").exit_code == 2
    assert not (tree / "nowhere").exists()


@pytest.mark.parametrize("folder", ["base", "overlays", ".platformc", "overlays/default"])
def test_a_folder_that_is_a_link_is_not_written_to(tree: Path, folder: str) -> None:
    elsewhere = tree.parent / "elsewhere"
    (tree / folder).rename(elsewhere)
    (tree / folder).symlink_to(elsewhere)
    before = {path: path.stat().st_mtime_ns for path in elsewhere.rglob("*")}
    (tree / "platform.yaml").write_text(SPEC.replace("minimal", "another"))
    assert run("compile", "--force").exit_code in (1, 2)
    assert {path: path.stat().st_mtime_ns for path in elsewhere.rglob("*")} == before


# Gates


def test_a_further_file_of_the_output_is_no_clean_check(tree: Path) -> None:
    (tree / "overlays" / "default" / "99-evil.yaml").write_text("kind: Deployment\n")
    for words in (["compile", "--check"], ["compile"], ["compile", "--force"]):
        result = run(*words)
        assert result.exit_code == 1, words
        assert "error[foreign-file]" in result.stderr
        assert "overlays/default/99-evil.yaml" in result.stderr
    assert (tree / "overlays" / "default" / "99-evil.yaml").exists()


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_further_file_of_the_output_is_in_the_plan(tree: Path, form: str) -> None:
    """Also where the tree's own list says that the compiler wrote it."""
    git(tree, "init", "-q", "-b", "main")
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "before")
    clean = run("diff", "--format", form)
    assert clean.exit_code == 0
    assert "overlays" not in clean.output
    names = ["99-evil.yaml", "a`|\n# APPROVED\x1b[2J"]
    for name in names:
        (tree / "overlays" / "default" / name).write_text("kind: Deployment\n")
    with (tree / "platformc.sum").open("a") as sums:
        sums.write(f"{sha256(b'kind: Deployment').hexdigest()}  overlays/default/99-evil.yaml\n")
    result = run("diff", "--format", form)
    assert result.exit_code == 0, result.output
    assert "overlays/default/99-evil.yaml" in result.output
    assert "\n# APPROVED" not in result.output
    assert "\x1b" not in result.output


def test_a_note_of_the_tree_is_not_believed(tree: Path) -> None:
    """Changed output whose digests were corrected everywhere in the tree."""
    changed = first_file(tree)
    before = sha256(changed.read_bytes()).hexdigest()
    changed.write_text("kind: ClusterRoleBinding\n")
    sums = tree / "platformc.sum"
    sums.write_text(sums.read_text().replace(before, sha256(changed.read_bytes()).hexdigest()))
    (tree / ".platformc" / "fresh").write_text(
        f"x\n{sha256(sums.read_bytes()).hexdigest()}\n\x1b[31m"
    )
    result = run("compile", "--check")
    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert run("compile").exit_code == 0
    assert "ClusterRoleBinding" not in changed.read_text()


def test_the_check_takes_no_short_cut(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where the note is this user's own, and says that nothing changed."""
    monkeypatch.setattr("compiler.commands.compile.last_output", lambda *_: "")
    first_file(tree).write_text("kind: ClusterRoleBinding\n")
    assert run("compile", "--check").exit_code == 1


# Credentials


def _secrets(tree: Path) -> list[Path]:
    return sorted((tree / "secrets" / "default").glob("secret-*.yaml"))


def test_values_that_a_tree_brings_are_no_credentials(tree: Path) -> None:
    assert run("secrets", "generate").exit_code == 0
    planted = _secrets(tree)[0]
    planted.chmod(0o644)  # as a checkout makes it
    result = run("secrets", "generate")
    assert result.exit_code == 2
    assert "chmod 600" in result.stderr


def test_secrets_are_kept_out_of_git_and_from_others(tree: Path) -> None:
    """An empty `.gitignore` is left by a full disk, or planted by an author."""
    (tree / "secrets" / "default").mkdir(parents=True)
    (tree / "secrets" / "default" / ".gitignore").write_text("")
    mask = os.umask(0)
    try:
        assert run("secrets", "generate").exit_code == 0
    finally:
        os.umask(mask)
    folder = tree / "secrets"
    assert (folder / "default" / ".gitignore").read_text() == "*\n"
    for path in (folder, *folder.rglob("*")):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


@pytest.mark.parametrize("verb", ["prerequisites prod", "apply-plan prod", "secrets generate prod"])
def test_printed_commands_have_the_folder_as_a_part_of_one_word(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "a$(id>pw);b c'd"
    (tmp_path / name).mkdir()
    (tmp_path / name / "platform.yaml").write_text(REFERENCE)
    monkeypatch.chdir(tmp_path)
    assert run("compile", "-f", f"{name}/platform.yaml").exit_code == 0
    result = run(*verb.split(), "-f", f"{name}/platform.yaml")
    assert result.exit_code == 0, result.stderr
    lines = [line for line in result.output.splitlines() if "id>pw" in line]
    commands = [line for line in lines if re.match(r" *(kubectl|until|platformc \S+ )", line)]
    assert commands
    for line in commands:
        words = shlex.split(line)
        assert any(word.startswith(f"{name}/") for word in words), line


def test_a_folder_of_releases_does_not_reach_the_terminal_unescaped(tree: Path) -> None:
    release = tree / "operators" / "a\x1b]0;b"
    release.mkdir(parents=True)
    images = "[{image: 'docker.io/library/a:1'}, {image: 'oci://b:1 docker://c'}]"
    (release / "install.yaml").write_text(f"kind: Pod\nspec: {{containers: {images}}}\n")
    table = run("images", "default").stdout
    assert "operators/a\\u001b]0;b" in table
    assert "\x1b" not in table
    pairs = run("images", "default", "--format", "pairs").stdout
    assert "docker://docker.io/library/a:1 docker://docker.io/library/a:1\n" in pairs
    assert all(len(line.split()) == 2 for line in pairs.splitlines())


def test_values_that_git_tracks_are_refused(tree: Path) -> None:
    """A checkout with the mask 077 makes files of mode 0600, so an author could choose a password."""
    git(tree, "init", "-q")
    clean = run("secrets", "generate")
    assert clean.exit_code == 0
    assert "warning" not in clean.stderr
    git(tree, "add", "-f", "secrets/default")
    refused = run("secrets", "generate")
    assert refused.exit_code == 2
    assert "git tracks secrets/default/.gitignore and " in refused.stderr
    assert "run `git rm -rf secrets/default` to have new values made" in refused.stderr
    git(tree, "rm", "-q", "-rf", "secrets/default")
    assert " made, 0 kept" in run("secrets", "generate").stderr


def test_values_that_git_tracks_are_refused_in_a_hook_too(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git names the index for its hooks by a path that leads nowhere from another folder."""
    git(tree, "init", "-q")
    assert run("secrets", "generate").exit_code == 0
    git(tree, "add", "-f", "secrets/default")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert run("secrets", "generate").exit_code == 2


def test_values_under_names_that_git_tracks_are_a_warning(tree: Path) -> None:
    git(tree, "init", "-q")
    assert run("secrets", "generate").exit_code == 0
    git(tree, "add", "-f", "secrets/default")
    shutil.rmtree(tree / "secrets")
    warned = run("secrets", "generate")
    assert warned.exit_code == 0
    assert "warning: git tracks secrets/default/.gitignore and " in warned.stderr
    git(tree, "rm", "-q", "-rf", "--cached", "secrets/default")
    assert "0 made" in run("secrets", "generate").stderr


def test_a_folder_of_secrets_that_turns_into_a_link_is_not_followed(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second process swaps the folder once `.gitignore` is there, between two files."""
    stranger, replace = tree.parent / "stranger", Folder.replace
    stranger.mkdir()

    def swapped(root: Folder, path: str, data: bytes, mode: int | None = None) -> None:
        replace(root, path, data, mode)
        if path.endswith("/.gitignore"):
            (tree / "secrets" / "default").rename(tree / "secrets" / "moved")
            (tree / "secrets" / "default").symlink_to(stranger)

    monkeypatch.setattr(Folder, "replace", swapped)
    result = run("secrets", "generate")
    assert result.exit_code == 2
    assert "symbolic link" in result.stderr
    assert list(stranger.iterdir()) == []


# Machines: folders that may not be written or read


LINES = (
    "init fresh", "compile", "compile --force", "compile --check", "validate --fix -f typo.yaml",
    "secrets generate", "client-kit default mlflow-smoke", "argocd plugin --image r.example/p:1 -o plugin",
)  # fmt: skip
AS_OWNER = """
import os, sys
from compiler import pipeline
from compiler.cli import main
pipeline.compile(open("platform.yaml", "rb").read(), "platform.yaml")  # imports for all
for line in sys.argv[1:]:
    if os.fork() == 0:
        sys.argv = ["platformc", *line.split()]
        main()
        sys.exit()
    status = os.waitstatus_to_exitcode(os.wait()[1])
    print(f"== {status}: {line}", file=sys.stderr, flush=True)
"""
_DROP_BOUNDING, _OVERRIDES = 24, (1, 2)  # PR_CAPBSET_DROP; CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


def _as_mere_owner() -> None:
    """Take root's right to pass over modes; for other users there is nothing to take."""
    for capability in _OVERRIDES:
        ctypes.CDLL(None).prctl(_DROP_BOUNDING, capability)


def test_a_folder_that_may_not_be_written_is_said(tree: Path) -> None:
    (tree / "typo.yaml").write_text(SPEC.replace("components", "componets"))
    first_file(tree).chmod(0)
    tree.chmod(0o555)
    try:
        process = subprocess.run(
            [sys.executable, "-c", AS_OWNER, *LINES],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True,
            preexec_fn=_as_mere_owner, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    finally:
        tree.chmod(0o755)
    answers = re.findall(r"(.*?)== (\d+): (.*?)\n", process.stderr, re.S)
    assert [line for _, _, line in answers] == [*LINES]
    for message, status, line in answers:
        assert status in ("1", "2"), (line, message)
        assert "bug in the compiler" not in message, line
        assert re.search("ermission denied|not be written", message), (line, message)


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("verb", ["compile --force", "graph", "nonsense"])
def test_closed_outputs_are_no_bug(tree: Path, verb: str, closed: str) -> None:
    line = f'"{sys.executable}" -m compiler {verb} {closed}'
    process = subprocess.run(
        line,
        shell=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.returncode == (2 if verb == "nonsense" or ">&- 2" in closed else 0), process


# Words


CASES: list[tuple[str, Callable[[Path], object]]] = [
    ("\x1b]0;title\x07", lambda path: path.write_text("\x1b]0;title\x07\n")),
    ("##[", lambda path: path.write_text("x ##[error]forged\n")),
    ("\n::", lambda path: path.write_text("::error::forged\n")),
    ("\u202e", lambda path: path.write_text("one\u202eowt\n")),
]


@pytest.mark.parametrize(("sign", "plant"), CASES, ids=["terminal", "command", "line", "direction"])
def test_what_a_tree_holds_steers_no_terminal_and_no_log(
    tree: Path, sign: str, plant: Callable[[Path], object]
) -> None:
    plant(first_file(tree))
    result = run("compile", "--check")
    assert result.exit_code == 1
    assert sign not in result.output


@pytest.mark.parametrize(
    ("words", "form"),
    [
        *((("compile", "--check"), form) for form in ("text", "json", "sarif", "github", "junit")),
        *((("diff", "./platform.yaml"), form) for form in ("text", "json", "markdown")),
    ],
)
def test_a_name_that_is_not_utf_8_is_in_the_report(
    tree: Path, words: tuple[str, ...], form: str
) -> None:
    """JSON could hold it as half of a pair, which is no text for most programs (RFC 8259, 8.2)."""
    (tree / "base" / os.fsdecode(b"a\xff.yaml")).touch()
    result = run(*words, "--format", form)
    assert result.exit_code == int("--check" in words), result.output
    shown = (result.stderr or result.stdout) if form == "text" else result.stdout
    if form in ("json", "sarif"):
        shown = json.dumps(json.loads(shown), ensure_ascii=False)
        assert r"base/a\\udcff.yaml" in shown
    else:
        assert r"base/a\udcff.yaml" in shown
    assert shown.encode()
    if form == "sarif":
        assert '"base/a%FF.yaml"' in shown


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_diff_shows_no_credential(tree: Path, form: str) -> None:
    token = "ghp_" + "abcDEF0123456789abcDEF0123456789abcd"
    silence = "  silence:\n    - {code: plaintext-secret, reason: a test}\n"
    job = "  workloads:\n    job:\n      image: r.example.com/a:1\n      env: {DB_PASSWORD: hunter2hunter2, X: TOKEN}\n"
    (tree / "after.yaml").write_text(SPEC.rstrip() + "\n" + job.replace("TOKEN", token) + silence)
    result = run("diff", "./platform.yaml", "./after.yaml", "--format", form)
    assert result.exit_code == 0, result.output
    assert "hunter2hunter2" not in result.output
    assert token not in result.output
