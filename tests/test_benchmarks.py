"""The benchmarks measure the named work: the same work, and only the child."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import check, parts, peers, report
from benchmarks.chart import chart
from benchmarks.earlier import Comparison
from benchmarks.growth import Growth
from benchmarks.measure import Pairs, Run, Runs, Task, alone, paired
from benchmarks.peers import cue, helm, jinja, jsonnet
from benchmarks.platforms import Spec, platform, reference
from benchmarks.template import Chart, Node, Text, Value
from benchmarks.workplace import Workplace

SPECS: dict[str, Callable[[], Spec]] = {
    "reference": reference,
    "generated": lambda: platform(25, 3),
    "no models": lambda: platform(0, 1),
}


@pytest.mark.parametrize("name", SPECS)
def test_a_peer_prints_the_same_objects(name: str, tmp_path: Path) -> None:
    workplace = Workplace(SPECS[name](), tmp_path / "place")
    folder = tmp_path / "jinja"
    Task(jinja.write(chart(workplace.spec), folder), folder).run()
    for environment, rendered in workplace.objects.items():
        assert peers.differences(rendered, (folder / f"{environment}.out").read_text()) == []


def test_one_changed_field_is_a_difference(tmp_path: Path) -> None:
    rendered = Workplace(platform(1, 1), tmp_path / "place").objects["env-00"]
    changed = json.loads(json.dumps(rendered))
    changed[3]["metadata"]["labels"]["more"] = "label"
    name = f"{rendered[3]['kind']}/{rendered[3]['metadata'].get('namespace', '')}"
    [actual] = peers.differences(rendered, json.dumps(changed))
    assert actual.startswith(name)
    assert len(peers.differences(rendered, json.dumps(rendered[1:]))) == 1


def test_what_the_spec_says_stands_as_values_in_the_chart() -> None:
    actual = chart(platform(3, 2))
    assert actual.values["postgres"]["storage"] == "100Gi"
    assert actual.overrides["env-01"]["postgres"] == {"storage": "30Gi"}
    assert actual.overrides["env-01"]["models"] == {"model-00001": {"maxReplicas": 9}}
    leaves = [
        leave for nodes in (*actual.sections.values(), actual.model) for leave in _leaves(nodes)
    ]
    parts = [
        part for leave in leaves for part in (leave.parts if isinstance(leave, Text) else (leave,))
    ]
    values = [part for part in parts if isinstance(part, Value)]
    expected = {("platform", "domain"), ("platform", "namespace"), ("postgres", "storage")}
    expected |= {("model", key) for key in ("name", "uri", "format", "minReplicas", "maxReplicas")}
    assert expected <= {(value.section, value.key) for value in values}


def _leaves(node: Node) -> list[Any]:
    if isinstance(node, dict):
        return [leaf for inner in node.values() for leaf in _leaves(inner)]
    if isinstance(node, list):
        return [leaf for inner in node for leaf in _leaves(inner)]
    return [node]


@pytest.mark.parametrize(
    "text", ["{{ mustache }}", "{% tag %}", "{# remark #}", "a\n\nb\n", 'q"\\']
)
def test_text_that_looks_like_a_template_stays_text(text: str, tmp_path: Path) -> None:
    metadata = {"name": "one", "namespace": "two"}
    objects = [{"kind": "ConfigMap", "metadata": metadata, "data": {"{{key}}": text}}]
    peer_chart = Chart({"only": objects}, [], {"models": {}}, {"here": {}})
    Task(jinja.write(peer_chart, tmp_path), tmp_path).run()
    assert peers.differences(objects, (tmp_path / "here.out").read_text()) == []


def test_every_language_is_written(tmp_path: Path) -> None:
    """Helm, Jsonnet and CUE themselves are asked by `make bench` alone."""
    peer_chart = chart(platform(1, 2))
    helm.write(peer_chart, tmp_path / "helm", "helm")
    jsonnet.write(peer_chart, tmp_path / "jsonnet", "python")
    cue.write(peer_chart, tmp_path / "cue", "cue")
    template = (tmp_path / "helm" / "templates" / "models.yaml").read_text()
    assert 'storageUri: "{{ $model.uri }}"' in template
    assert 'name: "{{ include "platform.name" $name }}-edge"' in template
    assert '"storageUri": "" + model.uri' in (tmp_path / "jsonnet/platform.libsonnet").read_text()
    assert '"storageUri": "\\(model.uri)"' in (tmp_path / "cue" / "platform.cue").read_text()


def test_the_memory_of_a_large_parent_is_not_its_child_s(tmp_path: Path) -> None:
    ballast = bytearray(150 * 2**20)
    trivial = alone(Task(["true"], tmp_path), 1)
    large = alone(Task([sys.executable, "-c", "bytearray(60 * 2**20)"], tmp_path), 1)
    assert trivial.memory < 20 < 60 < large.memory < len(ballast) / 2**20


def test_a_child_that_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="false"):
        Task(["false"], tmp_path).run()


def test_pairs_run_in_turn(tmp_path: Path) -> None:
    def note(name: str) -> Task:
        return Task(["sh", "-c", f"echo {name} >>log"], tmp_path)

    actual = paired(note("a"), note("b"), 3)
    assert (tmp_path / "log").read_text().split() == ["a", "b"] * 3
    assert len(actual.wall.all) == 3
    assert min(actual.wall.all) <= actual.wall.median <= max(actual.wall.all)


def test_what_is_linear_has_the_exponent_one() -> None:
    def runs(cpu: float) -> Runs:
        return Runs((Run(0, cpu, 0),))

    small, large = {"linear": runs(1), "square": runs(1)}, {"linear": runs(5), "square": runs(25)}
    actual = Growth("models", (1000, 5000), small, large).exponents()
    assert actual == pytest.approx({"linear": 1, "square": 2})


def test_a_table_says_which_targets_are_reached(tmp_path: Path) -> None:
    def runs(wall: float) -> Runs:
        return Runs((Run(wall, wall, 100), Run(wall, wall, 120)))

    pairs = dict.fromkeys(("helm", "Jinja2"), Pairs(runs(1), runs(2)))
    first, small, middle, large = (
        report.Case(name, 3, 349, pairs) for name in ("first", "small", "middle", "large")
    )
    roots = [parts.Root("dev", 301, Pairs(runs(2), runs(1)))]
    checked = [("middle", 349, Pairs(runs(0.1), runs(4)))]
    growths = [Growth("models", (10, 100), first.runs, first.runs)]
    comparison = Comparison("first", "813904f", Pairs(runs(1.5), runs(1)), 1.4)
    text = report.markdown(
        report.Measured(
            first, small, middle, large, runs(0.1), runs(0.5), roots, checked, growths, [comparison]
        )
    )
    reached = [line.split(" | ")[-1].removesuffix(" |") for line in text.splitlines()[6:16]]
    assert reached == [
        "moonshot", "must", "moonshot", "must", "moonshot", "no", "no", "must", "no", "moonshot"
    ]  # fmt: skip
    ratio = "1.50 (1.50 to 1.50)"
    row = f"| first | 813904f | 1.500 | 1.500 | 1.000 | 1.000 | {ratio} | {ratio} |"
    assert f"{row} 1.4: missed for wall, CPU |" in text
    assert "| helm | 2.000 | 2.000 | 120 | 2 | 0.50 (0.50 to 0.50) | 0.50 (0.50 to 0.50) |" in text


def test_the_schema_check_is_timed_where_it_happens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check.main(Workplace(platform(3, 1), tmp_path / "place").file)
    wall, cpu = map(float, capsys.readouterr().out.split())
    assert wall > 0
    assert cpu > 0


@pytest.mark.parametrize(
    ("name", "module"), [("performance.md", "benchmarks.run"), ("fleet.md", "benchmarks.fleet")]
)
def test_a_document_has_a_place_for_what_is_measured(
    name: str, module: str, tmp_path: Path
) -> None:
    document = (Path(__file__).parent.parent / "docs" / name).read_text()
    copy = tmp_path / name
    copy.write_text(document)
    report.insert("figures\n", copy, module)
    assert f"<!-- python -m {module} -->\nfigures\n<!-- end -->" in copy.read_text()
    copy.write_text("nothing\n")
    with pytest.raises(SystemExit, match=f"no place for {module}"):
        report.insert("figures\n", copy, module)
