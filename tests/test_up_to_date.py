"""Compiling again after edits: the tree is then the same as after a compile from nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command_line import run
from support.paths import SCENARIOS

from compiler.commands import up_to_date

Spec = dict[str, Any]
Edit = Callable[[Spec], None]


def spec() -> Spec:
    """A platform with models in some pieces, and environments that share most of it."""
    return {
        "apiVersion": "platformc/v1alpha1",
        "kind": "Platform",
        "metadata": {"name": "again"},
        "spec": {
            "rendered": True,
            "components": {
                "seaweedfs": {}, "postgres": {"maxConnections": 200}, "mlflow": {},
                "kserve": {"mode": "standard"},
            },
            "models": {f"m-{index:03}": _model(index) for index in range(70)},
            "workloads": {},
            "environments": {"dev": {}, "prod": {"components": {"mlflow": {"replicas": 2}}}},
        },
    }  # fmt: skip


def _model(version: int) -> Spec:
    return {"format": "sklearn", "uri": f"s3://models/any/v{version}"}


names = st.integers(0, 75).map(lambda index: f"m-{index:03}")
environments = st.sampled_from(["dev", "prod", "stage"])


def _set_model(name: str, version: int) -> Edit:
    return lambda spec_data: spec_data["spec"]["models"].update({name: _model(version)})


def _drop_model(name: str) -> Edit:
    def edit(spec_data: Spec) -> None:
        spec_data["spec"]["models"].pop(name, None)
        for override in spec_data["spec"]["environments"].values():
            override.get("models", {}).pop(name, None)

    return edit


def _override(environment: str, name: str, replicas: int) -> Edit:
    def edit(spec_data: Spec) -> None:
        override: Spec = {"models": {name: {**_model(1), "minReplicas": replicas}}}
        spec_data["spec"]["environments"][environment] = override

    return edit


def _replicas(environment: str, replicas: int) -> Edit:
    def edit(spec_data: Spec) -> None:
        override = {"components": {"mlflow": {"replicas": replicas}}}
        spec_data["spec"]["environments"][environment] = override

    return edit


def _space(name: str) -> Edit:
    return lambda spec_data: spec_data["spec"].update(namespace=name)


def _rendered(value: bool) -> Edit:
    return lambda spec_data: spec_data["spec"].update(rendered=value)


def _workload(image: str) -> Edit:
    job = {"image": image, "uses": ["mlflow"]}
    return lambda spec_data: spec_data["spec"]["workloads"].update(job=job)


def _no_change(spec_data: Spec) -> None:
    """Compiling the same again."""


edits: st.SearchStrategy[Edit] = st.one_of(
    st.builds(_set_model, names, st.integers(1, 9)),
    st.builds(_drop_model, names),
    st.builds(_override, environments, names, st.integers(1, 3)),
    st.builds(_replicas, environments, st.integers(1, 3)),
    st.builds(_space, st.sampled_from(["mlops", "science"])),
    st.builds(_rendered, st.booleans()),
    st.builds(_workload, st.sampled_from(["r.example.com/a:1", "r.example.com/a:2"])),
    st.just(_no_change),
)


def compiled_to(root: Path, spec_data: Spec) -> dict[str, bytes]:
    """Compile with the command into a folder; its files, but for the compiler's own notes."""
    path = root / "platform.yaml"
    path.write_text(yaml.safe_dump(spec_data, sort_keys=False))
    result = run("compile", "-f", path)
    assert result.exit_code == 0, result.output
    actual = (
        file_path for file_path in root.rglob("*") if file_path.is_file() and file_path != path
    )
    files = {str(file_path.relative_to(root)): file_path.read_bytes() for file_path in actual}
    return {name: data for name, data in files.items() if not name.startswith(".platformc/")}


@given(changes=st.lists(edits, min_size=1, max_size=4))
@settings(max_examples=12)
def test_what_stands_after_edits_is_what_a_compile_from_nothing_writes(changes: list[Edit]) -> None:
    spec_data = spec()
    with TemporaryDirectory() as folder:
        compiled_to(Path(folder), spec_data)
        for edit in changes:
            edit(spec_data)
            after = compiled_to(Path(folder), spec_data)
        with TemporaryDirectory() as empty:
            assert after == compiled_to(Path(empty), spec_data)


def test_a_changed_output_of_the_same_size_and_time_is_noticed(tmp_path: Path) -> None:
    """Existing files are known by their content, not by its time stamp."""
    shutil.copy(SCENARIOS / "minimal" / "platform.yaml", tmp_path / "platform.yaml")
    command = ["compile", "-f", str(tmp_path / "platform.yaml")]
    assert run(*command).exit_code == 0
    file = next((tmp_path / "base").rglob("*.yaml"))
    before, text = file.stat(), file.read_bytes()
    file.write_bytes(text[:-2] + b"~\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    result = run(*command)
    assert result.exit_code == 1
    assert "edited by hand" in result.output


def test_nothing_is_noted_while_the_compiler_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The imported part is then unknown, and so is the input of the output."""
    (tmp_path / "module.py").write_text("# replaced since this process began\n")
    monkeypatch.setattr(up_to_date, "_COMPILER", tmp_path)
    assert up_to_date.fingerprint((b"spec",), ()) == ""
    up_to_date.remember(tmp_path, "", "")
    assert up_to_date.last_output(tmp_path, lambda: "") is None
    monkeypatch.setattr(up_to_date, "_BEGUN", (tmp_path / "module.py").stat().st_ctime_ns)
    assert up_to_date.fingerprint((b"spec",), ()) != up_to_date.fingerprint((b"another",), ()) != ""


def test_the_spec_and_its_lock_are_told_apart() -> None:
    """Text that moves from the lock to the end of the spec makes another spec."""
    assert up_to_date.fingerprint((b"spec", b"lock"), ()) != up_to_date.fingerprint(
        (b"speclock", b""), ()
    )
