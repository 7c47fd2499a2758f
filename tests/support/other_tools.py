"""The number of the corpus' mistakes that other tools find in the corresponding manifests.

A mistake that only a rule finds is compiled without the rules; a wrong value replaces the right one
in the objects. The rest never reaches a manifest: a key of the spec, a name of no object.
`PYTHONPATH=tests python -m support.other_tools` prints the table of docs/misconfigurations.md; with
`--server` it starts a real API server (as the live tests do) and also asks it, by `kubectl apply
--dry-run=server`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from live.control_plane import ControlPlane

from compiler import pipeline
from compiler.derive import patches
from compiler.diagnostics import Report
from compiler.emit.manifests import render
from compiler.load import load
from compiler.model.memo import Memo
from compiler.specialise import specialise
from compiler.upstream.lock import Lock
from compiler.verify import kubeconform
from support.corpus import FOLDER, Mistake, bases, mistakes
from support.programs import tool as program

Tool = Callable[[str], bool]


def without_rules(data: bytes) -> dict[str, str] | None:
    """The objects of each environment of a spec without any rule; None where there are none."""
    report = Report()
    document = load(data, "platform.yaml", report)
    if document is None:
        return None
    result = pipeline.resolved(specialise(document, report), Lock(), report, Memo())
    if report.failed:
        return None
    try:
        # A patch is looked at where it is applied.
        with patch.object(patches, "added_problems", lambda package, before, after: iter(())):
            result = pipeline.with_objects(result, only=result.environments)
            return {
                str(name): render(lowered_platform)
                for name, lowered_platform in result.lowered.items()
            } or None
    except (ValueError, AssertionError):  # only a rule keeps it out: ours can say no such thing
        return None


def manifests(mistake: Mistake, right: dict[str, str]) -> Iterator[str]:
    """The objects with the mistake in them, for each environment where it shows."""
    wrong = without_rules(mistake.text.encode())
    if wrong is not None:
        yield from (text for name, text in wrong.items() if text != right.get(name))
        return
    base = (FOLDER / mistake.base).read_text(encoding="utf-8")
    for old, new in changed_values(base, mistake.text):
        for text in right.values():
            objects = [
                replaced(manifest, old, new) for manifest in yaml.load_all(text, yaml.CSafeLoader)
            ]
            if objects != list(yaml.load_all(text, yaml.CSafeLoader)):
                yield yaml.safe_dump_all(objects, allow_unicode=True)


def changed_values(base: str, wrong: str) -> list[tuple[str, Any]]:
    """The value that the mistake replaced, and the new one."""
    try:
        return list(
            _differences(yaml.load(base, yaml.CSafeLoader), yaml.load(wrong, yaml.CSafeLoader))
        )
    except yaml.YAMLError:
        return []


def _differences(left_value: Any, right_value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(left_value, dict) and isinstance(right_value, dict):
        for key in left_value.keys() & right_value.keys():
            yield from _differences(left_value[key], right_value[key])
    elif (
        isinstance(left_value, list)
        and isinstance(right_value, list)
        and len(left_value) == len(right_value)
    ):
        for left_element, right in zip(left_value, right_value, strict=True):
            yield from _differences(left_element, right)
    elif left_value != right_value and isinstance(left_value, str) and len(left_value) > 3:
        yield left_value, right_value


def replaced(value: Any, old: str, new: Any) -> Any:
    """An object with one value replaced by another, wherever it is the whole value."""
    if isinstance(value, dict):
        return {key: replaced(inner, old, new) for key, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, old, new) for inner in value]
    return new if value == old else value


def kustomize(text: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "all.yaml").write_text(text)
        (Path(folder) / "kustomization.yaml").write_text("resources: [all.yaml]\n")
        return _fails([program("kustomize"), "build", folder])


def judged(text: str) -> bool:
    return bool(kubeconform.problems(text))


def server(plane: ControlPlane, right: Iterable[str]) -> Tool:
    """Whether an API server refuses the objects that differ from right ones, which it has accepted."""
    accepted: set[str] = set()

    def refuses(text: str) -> bool:
        objects = {
            json.dumps(manifest): manifest for manifest in yaml.load_all(text, yaml.CSafeLoader)
        }
        new = [manifest for key, manifest in objects.items() if key not in accepted]
        # A real delivery has the namespaces first.
        spaces = [manifest for manifest in new if manifest["kind"] == "Namespace"]
        return _refused(plane, spaces) or _refused(plane, new, "--dry-run=server")

    for text in right:
        objects = list(yaml.load_all(text, yaml.CSafeLoader))
        plane.install(objects)
        # Upstream systems brought theirs.
        names = {manifest["metadata"].get("namespace", "default") for manifest in objects} - {
            "default"
        }
        kind = {"apiVersion": "v1", "kind": "Namespace"}
        plane.apply({**kind, "metadata": {"name": name}} for name in sorted(names))
        assert not refuses(text)
        accepted |= set(map(json.dumps, objects))
    return refuses


def _refused(plane: ControlPlane, objects: list[Any], *options: str) -> bool:
    if not objects:
        return False
    stream = yaml.safe_dump_all(objects)
    return plane.run("apply", *options, "-f", "-", stdin=stream).returncode != 0


def _fails(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode != 0


def right_manifests() -> dict[str, dict[str, str]]:
    """The manifests of each base platform, by environment."""
    return {name: without_rules((FOLDER / name).read_bytes()) or {} for name in bases()}


def count(
    tools: dict[str, Tool], right: dict[str, dict[str, str]]
) -> tuple[Counter[str], dict[str, Counter[str]]]:
    """By theme: how many mistakes there are, and how many are in manifests and found by each tool."""
    for name, tool in tools.items():
        clean = [next(iter(streams.values())) for streams in right.values()]
        assert not any(map(tool, clean)), f"{name} refuses what is right"
    totals, actual = Counter[str](), {name: Counter[str]() for name in ("in manifests", *tools)}
    for mistake in mistakes():
        totals[mistake.theme] += 1
        # One environment is enough: where it shows in several, it shows in the same way.
        text = next(manifests(mistake, right[mistake.base]), "")
        actual["in manifests"][mistake.theme] += bool(text)
        for name, tool in tools.items() if text else ():
            actual[name][mistake.theme] += tool(text)
    return totals, actual


def table(totals: Counter[str], actual: dict[str, Counter[str]]) -> str:
    names = list(actual)
    lines = [
        f"| theme | mistakes | platformc | {' | '.join(names)} |",
        "|---" * (len(names) + 3) + "|",
    ]
    for theme in [*sorted(totals), ""]:
        numbers = [counts[theme] if theme else sum(counts.values()) for counts in actual.values()]
        total = totals[theme] if theme else sum(totals.values())
        cells = " | ".join(str(number) for number in (total, total, *numbers))
        lines.append(f"| {theme or '**all**'} | {cells} |")
    return "\n".join(lines)


def main(with_server: bool) -> None:
    right = right_manifests()
    judges: dict[str, Tool] = {"kustomize": kustomize, "kubeconform": judged}
    if not with_server:
        print(table(*count(judges, right)))
        return
    with tempfile.TemporaryDirectory() as folder:
        plane = ControlPlane(Path(folder))
        try:
            streams = [text for documents in right.values() for text in documents.values()]
            judges["server-side dry run"] = server(plane, streams)
            print(table(*count(judges, right)))
        finally:
            plane.close()


if __name__ == "__main__":
    main("--server" in sys.argv[1:])
