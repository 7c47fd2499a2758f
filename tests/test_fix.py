"""`validate --fix` writes the intended text, and nothing else: comments, layout and line ends stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.command_line import run
from support.corpus import FOLDER, Mistake, mistakes
from support.diagnosing import HEADER, diagnosed

from compiler import pipeline
from compiler.diagnostics.fix import Edit, Fix
from compiler.document.span import Span
from compiler.fix import Fixed, fixed
from compiler.fix.edit import edited

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
    "key as another tool spells it": (
        "redis: {replicaCount: 1} # small", "redis: {replicas: 1} # small",
    ),
    "key as PostgreSQL spells it, and a number in quotes": (
        "postgres: {max_connections: '200'}", "postgres: {maxConnections: 200}",
    ),
    "word in capitals": ("mlflow: {artifacts: Direct}", "mlflow: {artifacts: direct}"),
    "mode as KServe spells it": ("kserve: {mode: RawDeployment}", "kserve: {mode: standard}"),
    "amount with a unit of its own": ("postgres: {storage: 20GiB}", "postgres: {storage: 20Gi}"),
    "amount with a space": ("postgres: {storage: 20 Gi} # big", "postgres: {storage: 20Gi} # big"),
    "duration in words": (
        "knative: {autoscaler: {stableWindow: 2 minutes}}", "knative: {autoscaler: {stableWindow: 2m}}",
    ),
    "duration as Go writes it": (
        "knative: {autoscaler: {scaleToZeroGrace: 1h30m}}", "knative: {autoscaler: {scaleToZeroGrace: 90m}}",
    ),
    "number in quotes": ('postgres: {maxConnections: "200"}', "postgres: {maxConnections: 200}"),
    "switch as YAML 1.1 has it": ("mlflow: {smoke: no}", "mlflow: {smoke: false}"),
    "switch in quotes": ('mlflow: {smoke: "true"}', "mlflow: {smoke: true}"),
    "list without a value": ("postgres:\n      patches:\n", "postgres:\n      patches: []\n"),
    "list without its brackets": (
        "redis: {}\n  workloads:\n    w: {image: 'a/b:1', uses: redis}",
        "redis: {}\n  workloads:\n    w: {image: 'a/b:1', uses: [redis]}",
    ),
    "a URL for a host": (
        "external-redis: {host: 'https://redis.example.com/'}", "external-redis: {host: 'redis.example.com'}",
    ),
    "a URI for a bucket": ("lakefs: {bucket: s3://lake}", "lakefs: {bucket: lake}"),
    "word in quotes": ("mlflow: {artifacts: 'Direct'}", "mlflow: {artifacts: 'direct'}"),
    "key in quotes": ('postgres: {"storag": 1Gi}', 'postgres: {"storage": 1Gi}'),
    "crlf": ("postgres: {storag: 1Gi} # one\r\n    redis: {}", "postgres: {storage: 1Gi} # one\r\n    redis: {}"),
}  # fmt: skip
REMOVED = {
    "one silence of two": (
        "silence:\n    # for now\n    - code: cold-start  # gone\n      reason: known\n    # both\n"
        "    - {code: unmaintained-upstream, reason: until the move}\n  components: {minio: {}}",
        "silence:\n    # for now\n    # both\n"
        "    - {code: unmaintained-upstream, reason: until the move}\n  components: {minio: {}}",
    ),
    "two silences of one code": (
        "silence: [{code: cold-start, reason: a}, {code: unmaintained-upstream, reason: b},"
        " {code: cold-start, reason: c}]\n  components: {minio: {}}",
        "silence: [{code: unmaintained-upstream, reason: b}]\n  components: {minio: {}}",
    ),
    "the only silence": (
        "components: {}\n  silence:\n    - code: cold-start\n      reason: known\n\n  # below\n  domain: a.b",
        "components: {}\n\n  # below\n  domain: a.b",
    ),
    "what is used already": (
        "components: {redis: {}}\n  workloads:\n    w:\n      uses:\n        - redis  # cache\n        - redis\n"
        "      image: a/b:1",
        "components: {redis: {}}\n  workloads:\n    w:\n      uses:\n        - redis  # cache\n      image: a/b:1",
    ),
    "a removal of nothing": (
        "components: {}\n  environments:\n    dev:\n      components:\n        kserve: null\n        redis: {}\n"
        "      workloads: {}",
        "components: {}\n  environments:\n    dev:\n      components:\n        redis: {}\n      workloads: {}",
    ),
    "a removal of nothing, in braces": (
        "components: {}\n  environments: {dev: {components: {redis: null}}}",
        "components: {}\n  environments: {dev: {components: {}}}",
    ),
    "a key and its value, again": (
        "components:\n    redis: {memory: 1Gi}\n    postgres: {storage: 1Gi, storage: 1Gi}\n    redis: {memory: 1Gi}",
        "components:\n    redis: {memory: 1Gi}\n    postgres: {storage: 1Gi}",
    ),
}  # fmt: skip
UNFIXED = {
    "a key with another value": "redis: {memory: 1Gi, memory: 2Gi}",
    "the only key of a block": "redis: {}\n  environments:\n    dev:\n      components:\n        kserve: null\n",
    "braces over several lines": (
        "redis: {}\n  environments:\n    dev: {components: {redis: {},\n      kserve: null}}\n"
    ),
    "the only silence of an environment": (
        "redis: {}\n  silence: [{code: cold-start, reason: a}]\n  environments:\n    dev:\n"
        "      silence: [{code: cold-start, reason: b}]"
    ),
    "a block without a value in an environment": "redis: {}\n  environments:\n    dev:\n      components:\n",
    "two that it could be": "redis: {eviction: allkeys-lu}",
    "a word too far from any": "redis: {eviction: everything}",
    "a key that is there already": "postgres: {storag: 1Gi, storage: 2Gi}",
    "a URL that says no TLS": "external-redis: {host: 'http://redis.example.com'}",
    "an amount of either unit": "postgres: {storage: 20GB}",
    "a duration without a unit": "knative: {autoscaler: {stableWindow: 60}}",
    "a word for a number": "postgres: {maxConnections: many}",
    "a command line in one word": "redis: {}\n  workloads: {w: {image: 'a/b:1', command: python train.py > out}}",
    "a section for a number": "kserve: {}\n  models: {m: {format: x, uri: 's3://abc', canaryTrafficPercent: 2}}",
}


def correct(spec: str) -> Fixed:
    return fixed(spec.encode(), lambda data: pipeline.compile(data, "platform.yaml").report)


@pytest.mark.parametrize("case", sorted(CORRECTED))
def test_corrected(case: str) -> None:
    wrong, right = CORRECTED[case]
    before = f"{HEADER}# above\nspec:\n  components:\n    {wrong}\n"
    correction = correct(before)
    assert correction.data.decode() == f"{HEADER}# above\nspec:\n  components:\n    {right}\n"
    assert correction.corrected


@pytest.mark.parametrize("case", sorted(REMOVED))
def test_removed(case: str) -> None:
    """Text without effect goes, by the line or out of its brackets, and no other line changes."""
    wrong, right = REMOVED[case]
    correction = correct(f"{HEADER}spec:\n  {wrong}\n")
    assert correction.data.decode() == f"{HEADER}spec:\n  {right}\n"
    assert correction.corrected


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_must_stand_at_the_top_is_added(end: str) -> None:
    rest = f"metadata: {{name: a}}{end}spec: {{components: {{}}}}{end}"
    correction = correct(f"# mine{end}{rest}")
    head = f"# mine{end}apiVersion: platformc/v1alpha1{end}kind: Platform{end}"
    assert correction.data.decode() == head + rest
    assert correct("{metadata: {name: a}, spec: {components: {}}}").corrected == ()


@pytest.mark.parametrize("case", sorted(UNFIXED))
def test_left_alone(case: str) -> None:
    spec = f"{HEADER}spec:\n  components:\n    {UNFIXED[case]}\n"
    assert correct(spec) == Fixed(spec.encode())


@pytest.mark.parametrize("mistake", list(mistakes())[::3], ids=lambda mistake: mistake.name)
def test_no_correction_makes_it_worse(mistake: Mistake) -> None:
    correction = correct(mistake.text)
    if correction.corrected:
        before, after = (
            Counter(diagnostic.code for diagnostic in diagnosed(text))
            for text in (mistake.text.encode(), correction.data)
        )
        for code, count in Counter(each.code for each in correction.corrected).items():
            assert after[code] == before[code] - count
        assert _comments(correction.data.decode()) == _comments(mistake.text)


def _comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


@pytest.mark.parametrize("case", sorted(CORRECTED))
def test_nothing_else_has_changed_to_an_independent_reader(case: str) -> None:
    """ruamel (YAML 1.2) reads the same tree but for one place in each correction, and all comments."""
    wrong, _ = CORRECTED[case]
    before = f"{HEADER}# above\nspec:\n  components:\n    {wrong}\n"
    correction = correct(before)
    old, new = (YAML().load(text) for text in (before, correction.data.decode()))
    assert len(list(_differences(old, new))) <= len(correction.corrected)
    assert _comments(before) == _comments(correction.data.decode())


def _differences(left_value: Any, right_value: Any) -> Iterator[object]:
    if (
        isinstance(left_value, dict)
        and isinstance(right_value, dict)
        and len(left_value) == len(right_value)
    ):
        for (key, left_item), (name, right) in zip(
            left_value.items(), right_value.items(), strict=True
        ):
            yield from [name] if key != name else []
            yield from _differences(left_item, right)
    elif (
        isinstance(left_value, list)
        and isinstance(right_value, list)
        and len(left_value) == len(right_value)
    ):
        for left_item, right in zip(left_value, right_value, strict=True):
            yield from _differences(left_item, right)
    elif left_value != right_value:
        yield right_value


def test_reads_back_as_the_platform_that_was_meant() -> None:
    """An independent reader (ruamel, YAML 1.2) finds the base again."""
    base = (FOLDER / "base.yaml").read_text(encoding="utf-8")
    wrong = base.replace("storageClass: fast", "storageClas: fast").replace(
        "uses: [lakefs]", "uses: [lakfs]"
    )
    correction = correct(wrong)
    assert len(correction.corrected) == 2
    assert YAML(typ="safe").load(correction.data) == YAML(typ="safe").load(base)


def test_command_corrects_the_file_and_says_so(tmp_path: Path) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_bytes(
        f"\ufeff{HEADER}spec:\n  components:\n    postgres: {{storag: 20Gi}}\n".encode()
    )
    spec.chmod(0o640)
    result = run("validate", "--fix", "-f", spec)
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"fixed[unknown-key]: {spec}:6:16: now `storage`" in result.stderr
    assert spec.read_bytes().endswith(b"postgres: {storage: 20Gi}\n")
    assert spec.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["platform.yaml"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_all_line_ends_of_yaml_count(end: str, tmp_path: Path) -> None:
    """libyaml ends a line at each of them: a comment with one has two lines."""
    text = f"{HEADER}spec:\n  # a{end}  # b{end}  # c\n  components:\n    mlfow: {{}}"
    assert edited_text(text) == text.replace("mlfow", "mlflow")
    whole = text.replace("\n", end)
    assert edited_text(whole) == whole.replace("mlfow", "mlflow")
    file = tmp_path / "platform.yaml"
    file.write_bytes(whole.encode())
    result = run("validate", "--fix", "-f", file)
    assert result.exit_code == 1, result.stderr  # it has no store
    assert "mlflow: {}" in file.read_bytes().decode()


def edited_text(text: str) -> str:
    (fix,) = (d.fix for d in diagnosed(text.encode()) if d.code == "unknown-type")
    assert fix is not None
    return edited(text.encode(), fix).decode()


@pytest.mark.parametrize("end", ["\r", "\x85", "\u2028", "\u2029"])
def test_an_excerpt_is_the_line_of_the_position(end: str, tmp_path: Path) -> None:
    """And a reviewer is warned of a line end that an editor does not show."""
    file = tmp_path / "platform.yaml"
    file.write_bytes(f"{HEADER}spec:\n  # a{end}  components:\n    mlfow: {{}}\n".encode())
    line = HEADER.count("\n") + 4
    result = run("validate", "-f", file)
    assert f"{file}:{line}:5\n" in result.stderr
    assert f"\n{line} |     mlfow: {{}}\n" in result.stderr
    assert f"warning[hidden-character]: the character U+{ord(end):04X}" in result.stderr


@pytest.mark.parametrize(
    ("text", "line", "result"),
    [
        ("a\nb", 1, "x\na\nb"),
        ("a\nb", 3, "a\nb\nx"),
        ("a\r\nb\r\n", 2, "a\r\nx\r\nb\r\n"),
        ("a", 2, "a\nx"),
    ],
)
def test_a_line_is_inserted_with_the_line_end_of_the_file(
    text: str, line: int, result: str
) -> None:
    fix = Fix(Span("", line, 1, line, 1), "x", edit=Edit.INSERT)
    assert edited(text.encode(), fix).decode() == result
