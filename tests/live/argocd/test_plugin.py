"""The plugin in the real argocd-cmp-server (3.5.7), over its own protocol, as its sidecar runs it:
a clean environment, user 999 where the tests may choose, and a tree streamed for each request."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from compiler import pipeline
from compiler.delivery.argocd.plugin import PARAMETERS, plugin
from compiler.emit.manifests import manifests
from compiler.kube import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
BIN = ROOT / ".tools" / "bin"
SPEC = ROOT / "platform.yaml"
LIBRARIES = sysconfig.get_path("purelib")
COMMIT = "4ad1c0ffee" + 30 * "0"
pytestmark = pytest.mark.live


@dataclass(frozen=True)
class Sidecar:
    """A running plugin server, and the folder that is all it may write to."""

    folder: Path

    def ask(self, directory: Path, *, revision: str = COMMIT, **parameters: str) -> Any:
        """The answer that the repository server would get; raises with its message where it would fail."""
        static_parameters = [{"name": name, "string": value} for name, value in parameters.items()]
        (socket,) = (self.folder / "plugins").glob("*.sock")
        words = [
            str(BIN / "argocd-cmp-client"), "-socket", str(socket), "-root", str(directory),
            "-directory", str(directory), "-revision", revision, "-parameters", json.dumps(static_parameters),
        ]  # fmt: skip
        answer = subprocess.run(words, capture_output=True, text=True)
        if answer.returncode:
            raise RuntimeError(answer.stderr)
        return json.loads(answer.stdout)


@pytest.fixture(scope="module")
def sidecar() -> Iterator[Sidecar]:
    subprocess.run([str(HERE / "build.sh")], check=True)
    folder = Path(mkdtemp(prefix="cmp-"))  # short: a socket's path is at most 107 characters
    user, python = _user_and_interpreter()
    process = subprocess.Popen(
        [str(folder / "server"), "--config-dir-path", str(folder / "config")],
        env=_prepared(folder, user, python),
        user=user,
        extra_groups=[] if os.geteuid() == 0 else None,
        stderr=(folder / "log").open("wb"),
    )
    try:
        _await(folder / "plugins", process)
        yield Sidecar(folder)
    finally:
        # Its first TERM only takes the socket away.
        process.send_signal(signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder)


def _user_and_interpreter() -> tuple[int, str]:
    """User 999, as in the image, where it can run a Python; else the user of the tests."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if os.geteuid() == 0:
        for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
            if _runs(python, 999):
                return 999, python
    return os.geteuid(), sys.executable


def _runs(python: str, user: int) -> bool:
    words = [python, "-c", "import msgspec, click, ruamel.yaml"]
    clean = {"PYTHONPATH": LIBRARIES, "HOME": "/nonexistent"}
    try:
        return subprocess.run(words, user=user, extra_groups=[], env=clean).returncode == 0
    except OSError:
        return False


def _prepared(folder: Path, user: int, python: str) -> dict[str, str]:
    """The sidecar's files, and the whole of its environment."""
    for name in ("config", "plugins", "work", "bin", "package"):
        (folder / name).mkdir()
    shutil.copy(BIN / "argocd-cmp-server", folder / "server")
    (folder / "config" / "plugin.yaml").write_text(yaml.dump(plugin()))
    for part in ("compiler", "schemas"):
        shutil.copytree(ROOT / part, folder / "package" / part)
    command = folder / "bin" / "platformc"
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH={folder}/package:{LIBRARIES} exec {python} -m compiler "$@"\n'
    )
    command.chmod(0o755)
    # As in the image, only files below /tmp can be written: here, the plugin server's own two.
    folder.chmod(0o755)
    for name in ("plugins", "work"):
        os.chown(folder / name, user, -1)
    return {
        "PATH": f"{folder}/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "ARGOCD_PLUGINSOCKFILEPATH": str(folder / "plugins"),
        "ARGOCD_CMP_WORKDIR": str(folder / "work"),
    }


def _await(plugins: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while not list(plugins.glob("*.sock")):
        log = (plugins.parent / "log").read_text()
        assert process.poll() is None, log
        assert time.monotonic() < deadline, log
        time.sleep(0.05)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with the reference platform and nothing else."""
    shutil.copy(SPEC, tmp_path / "platform.yaml")
    return tmp_path


def test_it_recognises_a_platform_and_announces_its_parameters(
    sidecar: Sidecar, tree: Path
) -> None:
    answer = sidecar.ask(tree, environment="dev")
    assert answer["supported"] is True
    assert [parameter["name"] for parameter in answer["announced"]] == list(PARAMETERS)


def test_it_leaves_other_directories_alone(sidecar: Sidecar, tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\n")
    answer = sidecar.ask(tmp_path)
    assert answer["supported"] is False


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_it_renders_what_the_compiler_renders(
    sidecar: Sidecar, tree: Path, environment: str
) -> None:
    actual = sidecar.ask(tree, environment=environment)["manifests"]
    result = pipeline.compile(SPEC.read_bytes(), "platform.yaml")
    assert actual == manifests(result.lowered[environment])


def test_it_renders_one_component_at_a_pinned_commit(sidecar: Sidecar, tree: Path) -> None:
    environment = {"environment": "dev", "component": "mlflow"}
    actual = sidecar.ask(tree, revision=COMMIT, **environment)["manifests"]
    assert actual
    owners = {manifest["metadata"]["labels"]["app.kubernetes.io/instance"] for manifest in actual}
    assert owners == {"mlflow"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "the parameter `environment` is missing"),
        ({"environment": "prd"}, "did you mean `prod`?"),
        ({"environment": "dev", "component": "nothing"}, "no component `nothing`"),
    ],
)
def test_what_is_wrong_reaches_the_user(
    sidecar: Sidecar, tree: Path, parameters: dict[str, str], message: str
) -> None:
    with pytest.raises(RuntimeError) as raised:
        sidecar.ask(tree, **parameters)
    assert message in str(raised.value)


def test_a_broken_spec_fails_with_its_diagnostic(sidecar: Sidecar, tree: Path) -> None:
    spec = tree / "platform.yaml"
    spec.write_text(spec.read_text().replace("postgres:", "postgers:"))
    with pytest.raises(RuntimeError) as raised:
        sidecar.ask(tree, environment="dev")
    assert "did you mean `postgres`?" in str(raised.value)


def test_an_empty_platform_fails(sidecar: Sidecar, tree: Path) -> None:
    (tree / "platform.yaml").write_text(
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec: {}\n"
    )
    with pytest.raises(RuntimeError) as raised:
        sidecar.ask(tree)
    assert "would delete all" in str(raised.value)


def test_it_writes_nothing_into_the_tree(sidecar: Sidecar, tree: Path) -> None:
    sidecar.ask(tree, environment="dev")
    assert [path.name for path in tree.iterdir()] == ["platform.yaml"]
    left_files = [path for path in (sidecar.folder / "work").rglob("*") if path.is_file()]
    assert left_files == []
