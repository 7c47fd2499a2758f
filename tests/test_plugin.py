"""A component of another Python package: found by its entry point, like one of the compiler's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml
from support.paths import ROOT, TESTS

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: plugged}
spec:
  components:
    garage: {greeting: bonjour}
    postgres: {}
    mlflow: {}
"""
PLUGIN = TESTS / "plugin"


def platformc(folder: Path, *arguments: str, path: Path | None) -> subprocess.CompletedProcess[str]:
    """The command in its own process: Python's path is fixed when it starts."""
    (folder / "platform.yaml").write_text(SPEC)
    paths = [str(ROOT), *([str(path)] if path else [])]
    return subprocess.run(
        [sys.executable, "-m", "compiler", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_compiles_into_its_own_folder(tmp_path: Path) -> None:
    result = platformc(tmp_path, "compile", path=PLUGIN)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "base/garage/garage/greeting").read_text() == "bonjour\n"


def test_others_are_bound_to_it(tmp_path: Path) -> None:
    result = platformc(tmp_path, "render", "default", path=PLUGIN)
    assert result.returncode == 0, result.stderr
    server = next(
        manifest
        for manifest in yaml.load_all(result.stdout, yaml.CSafeLoader)
        if (manifest["kind"], manifest["metadata"]["name"]) == ("Deployment", "mlflow")
    )
    env = server["spec"]["template"]["spec"]["containers"][0]["env"]
    actual = {variable["name"]: variable.get("value") for variable in env}
    assert actual["AWS_ENDPOINT_URL_S3"] == "http://garage.mlops.svc.cluster.local:3900"
    assert actual["AWS_REGION"] == "garage"


def test_it_is_in_the_editors_schema(tmp_path: Path) -> None:
    assert '"greeting"' in platformc(tmp_path, "schema", path=PLUGIN).stdout


def test_without_its_package_the_type_is_unknown(tmp_path: Path) -> None:
    result = platformc(tmp_path, "validate", path=None)
    assert result.returncode == 1
    assert "unknown-type" in result.stderr
