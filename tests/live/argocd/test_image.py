"""The sidecar's container file, without a container engine: BuildKit's own parser and linter read
it, and its steps are done in folders, with the Python of the tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler import pipeline
from compiler.delivery.argocd.plugin import USER, plugin
from compiler.emit.manifests import manifests
from live.argocd.sidecar import BIN, HERE, ROOT, SPEC

pytestmark = pytest.mark.live

FILE = ROOT / "argocd/Containerfile"


def stages(file: Path) -> list[dict[str, Any]]:
    """The stages of a container file; fails where BuildKit warns."""
    subprocess.run([str(HERE / "build.sh")], check=True)
    process = subprocess.run(
        [str(BIN / "containerfile"), str(file)], capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    actual: list[dict[str, Any]] = json.loads(process.stdout)
    return actual


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("COPY --from=build", "COPYY --from=build", "unknown instruction"),
        ("USER 999", "MAINTAINER me", "MaintainerDeprecated"),
        ("AS build", "as build", "FromAsCasing"),
    ],
)
def test_the_parser_would_notice(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    (tmp_path / "Containerfile").write_text(FILE.read_text().replace(old, new))
    with pytest.raises(AssertionError, match=complaint):
        stages(tmp_path / "Containerfile")


def test_it_builds_a_compiler_that_serves_the_plugin(tmp_path: Path) -> None:
    build, final = stages(FILE)
    installed = _built(build, tmp_path)
    copied = [step for step in final["steps"] if step["name"] == "COPY"]
    assert [(copy["from"], copy["words"]) for copy in copied] == [
        (build["name"], ["/opt/platformc", "/opt/platformc"])
    ]
    words = {step["name"]: step["words"] for step in final["steps"] if step["name"] != "COPY"}
    assert words["USER"] == [str(USER)]
    variables = dict(pair.split("=", 1) for pair in words["ENV"])
    variables["PATH"] = variables["PATH"].replace("/opt/platformc", str(installed))
    (entry,) = words["ENTRYPOINT"]
    command = plugin()["spec"]["generate"]["command"]
    assert command[0] == entry
    rendered = subprocess.run(
        command, cwd=SPEC.parent, env={**variables, "ARGOCD_ENV_ENVIRONMENT": "dev"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert rendered.returncode == 0, rendered.stderr
    expected = manifests(pipeline.compile(SPEC.read_bytes(), "platform.yaml").lowered["dev"])
    assert list(yaml.safe_load_all(rendered.stdout)) == expected


def _built(build: dict[str, Any], folder: Path) -> Path:
    """Do the steps of the first stage; where the compiler is then."""
    source, installed = folder / "source", folder / "platformc"
    source.mkdir()
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    (folder / "bin").mkdir()
    (folder / "bin/python").symlink_to(sys.executable)
    for step in build["steps"]:
        match step["name"]:
            case "COPY":
                *names, target = step["words"]
                for name in names:
                    _copied(
                        ROOT / name, source / target / (Path(name).name if target == "./" else "")
                    )
            case "RUN":
                (script,) = step["words"]
                script = script.replace("/opt/platformc", str(installed))
                subprocess.run(
                    ["sh", "-ec", script], cwd=source, check=True, env={**os.environ, "PATH": path}
                )
            case _:
                assert step == {"name": "WORKDIR", "words": ["/source"]}
    return installed


def _copied(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)
