"""`validate --fix` writes what was meant, and nothing else: comments, layout and line ends stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from diagnosed import HEADER, diagnosed
from mistakes import FOLDER, Mistake, mistakes
from ruamel.yaml import YAML

from compiler import pipeline
from compiler.cli import platformc
from compiler.fix import Fixed, fixed

CORRECTED = {
    "key": ("postgres: {storag: 20Gi}  # big", "postgres: {storage: 20Gi}  # big"),
    "key of a list": (
        "postgres: {tolerations: [{key: a, operater: Exists}]}",
        "postgres: {tolerations: [{key: a, operator: Exists}]}",
    ),
    "word": ("redis: {persistence: non} # none", "redis: {persistence: none} # none"),
    "type": ("postgress: {}", "postgres: {}"),
    "no value": ("postgres:\n    redis:  # later", "postgres: {}\n    redis: {}  # later"),
    "two in a line": ("postgres: {storag: 1Gi, lables: {}}", "postgres: {storage: 1Gi, labels: {}}"),
    "crlf": ("postgres: {storag: 1Gi} # one\r\n    redis: {}", "postgres: {storage: 1Gi} # one\r\n    redis: {}"),
}  # fmt: skip
LEFT = {
    "two that it could be": "redis: {eviction: allkeys_lru}",
    "a word too far from any": "redis: {eviction: everything}",
    "a key that is there already": "postgres: {storag: 1Gi, storage: 2Gi}",
    "an amount": "postgres: {storage: 20GB}",
}


def correct(spec: str) -> Fixed:
    return fixed(spec.encode(), lambda data: pipeline.compile(data, "platform.yaml").report)


@pytest.mark.parametrize("case", sorted(CORRECTED))
def test_corrected(case: str) -> None:
    wrong, right = CORRECTED[case]
    before = f"{HEADER}# above\nspec:\n  components:\n    {wrong}\n"
    done = correct(before)
    assert done.data.decode() == f"{HEADER}# above\nspec:\n  components:\n    {right}\n"
    assert done.corrected


@pytest.mark.parametrize("case", sorted(LEFT))
def test_left_alone(case: str) -> None:
    spec = f"{HEADER}spec:\n  components:\n    {LEFT[case]}\n"
    assert correct(spec) == Fixed(spec.encode())


@pytest.mark.parametrize("mistake", list(mistakes())[::3], ids=lambda mistake: mistake.name)
def test_no_correction_makes_it_worse(mistake: Mistake) -> None:
    done = correct(mistake.text)
    if done.corrected:
        left = {one.code for one in diagnosed(done.data)}
        assert mistake.code not in left
        assert _comments(done.data.decode()) == _comments(mistake.text)


def _comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines()]


def test_reads_back_as_the_platform_that_was_meant() -> None:
    """What an independent reader (ruamel, YAML 1.2) finds is the base again."""
    base = (FOLDER / "base.yaml").read_text(encoding="utf-8")
    wrong = base.replace("storageClass: fast", "storageClas: fast").replace(
        "uses: [lakefs]", "uses: [lakfs]"
    )
    done = correct(wrong)
    assert len(done.corrected) == 2
    assert YAML(typ="safe").load(done.data) == YAML(typ="safe").load(base)


def test_command_corrects_the_file_and_says_so(tmp_path: Path) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_bytes(
        f"\ufeff{HEADER}spec:\n  components:\n    postgres: {{storag: 20Gi}}\n".encode()
    )
    spec.chmod(0o640)
    done = CliRunner().invoke(platformc, ["validate", "--fix", "-f", str(spec)])
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"fixed[unknown-key]: {spec}:6:16: now `storage`" in done.stderr
    assert spec.read_bytes().endswith(b"postgres: {storage: 20Gi}\n")
    assert spec.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["platform.yaml"]
