"""The parts of a release: a wheel and an sdist with their metadata, one version, and its notes."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from support.paths import ROOT
from support.scenarios import scenario_names

from compiler import __version__


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is built of the sdist alone."""
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder, "sdist")
    with tarfile.open(folder / f"platformc-{__version__}.tar.gz") as archive:
        archive.extractall(folder / "source", filter="data")
    build(folder / "source" / f"platformc-{__version__}", folder, "wheel")
    return folder


def build(source: Path, folder: Path, target: str) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


@pytest.fixture(scope="module")
def wheel(built: Path) -> Iterator[ZipFile]:
    with ZipFile(built / f"platformc-{__version__}-py3-none-any.whl") as archive:
        yield archive


@pytest.fixture(scope="module")
def metadata(wheel: ZipFile) -> Message:
    return message_from_bytes(wheel.read(f"platformc-{__version__}.dist-info/METADATA"))


def test_the_metadata_is_whole(metadata: Message) -> None:
    assert metadata["Name"] == "platformc"
    assert metadata["Version"] == __version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Summary"].endswith(".")
    classifiers = metadata.get_all("Classifier", [])
    assert "Environment :: Console" in classifiers
    assert f"Programming Language :: Python :: 3.{sys.version_info.minor}" in classifiers
    assert not [name for name in classifiers if name.startswith("License ::")], "PEP 639"


def test_the_readme_is_the_description_and_renders(metadata: Message) -> None:
    assert metadata["Description-Content-Type"] == "text/markdown"
    text = metadata.get_payload()
    assert isinstance(text, str)
    assert text.strip() == (ROOT / "README.md").read_text().strip()
    assert text.count("```") % 2 == 0
    assert not re.search(r"^(<<<<<<<|=======|>>>>>>>)", text, re.M)


def test_the_wheel_has_what_the_program_reads(wheel: ZipFile) -> None:
    names = set(wheel.namelist())
    assert "compiler/schemas/platform.schema.json" in names
    assert "compiler/diagnostics/pages/unknown-key.md" in names
    assert f"compiler/examples/{scenario_names()[0]}.yaml" in names
    assert any(name.startswith("compiler/kube/templates-jinja2-") for name in names)
    entry = wheel.read(f"platformc-{__version__}.dist-info/entry_points.txt").decode()
    assert "platformc = compiler.cli:main" in entry
    assert all(
        name.split("/")[0] in ("compiler", f"platformc-{__version__}.dist-info") for name in names
    )


def test_the_sdist_has_no_file_of_a_worktree(built: Path) -> None:
    with tarfile.open(built / f"platformc-{__version__}.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "LICENSE", "pyproject.toml", "hatch_build.py", "PKG-INFO"} <= names
    assert not [name for name in names if name.startswith((".", "base/", "overlays/", "out/"))
                and name != ".gitignore"]  # fmt: skip


def test_wheel_container_and_documents_name_one_version(built: Path) -> None:
    container = (ROOT / "argocd" / "Containerfile").read_text()
    texts = [container, *(path.read_text() for path in ROOT.glob("docs/**/*.md"))]
    tags = {tag for text in texts for tag in re.findall(r"platformc-plugin:(\S+)", text)}
    assert tags == {__version__}
    assert "COPY compiler compiler" in container, "it installs the checkout's own version"
    steps = yaml.load((ROOT / "action.yml").read_text(), yaml.CSafeLoader)["runs"]["steps"]
    installs = [step["run"] for step in steps if "pip" in step.get("run", "")]
    assert any('"$GITHUB_ACTION_PATH"' in text for text in installs), "so does the Action"
    assert not any("platformc==" in text for text in installs)


def test_the_notes_of_a_release_come_from_the_changelog() -> None:
    process = subprocess.run(
        ["make", "--silent", "notes"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    changelog = (ROOT / "CHANGELOG.md").read_text()
    newest = changelog.split("\n## ")[1]
    assert process.stdout.strip() == f"## {newest}".strip()
    missing = subprocess.run(
        ["make", "--silent", "notes", "RELEASE=9.9.9"], cwd=ROOT, check=False, capture_output=True
    )
    assert missing.returncode != 0
