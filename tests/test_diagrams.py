"""The picture of the graph: boxes that hold their names, colours by protocol, and parts of a large graph."""

from __future__ import annotations

import json
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest
from click.testing import Result
from support.command_line import run
from support.paths import TESTS
from support.scenarios import compiled, scenario_names

from compiler import pipeline
from compiler.diagrams import mermaid as mermaid_module
from compiler.diagrams import svg as svg_module
from compiler.diagrams.edges import edges
from compiler.diagrams.impact import dependents
from compiler.diagrams.layout import Box, _depths, layout
from compiler.diagrams.svg import svg
from compiler.diagrams.view import View, kind, view
from compiler.model.graph import Graph
from compiler.text import mermaid_label, svg_text

LARGE = TESTS / "diagrams" / "twenty-components.yaml"
SVG = "{http://www.w3.org/2000/svg}"
WIDEST = 7.5  # the width of a letter at 13 pixels, at most, in the usual sans-serif faces


@cache
def large() -> Graph:
    return pipeline.checked_text(LARGE.read_bytes(), "platform.yaml").graphs[None]


def views() -> list[View]:
    parts: list[tuple[str, ...]] = [(), ("train-risk",)]
    return [view(large(), part, grouped=grouped) for part in parts for grouped in (False, True)]


def graph(*options: str) -> Result:
    return run("graph", "-f", LARGE, *options)


def test_the_large_graph_is_large() -> None:
    view_of_graph = view(large())
    assert len(view_of_graph.nodes) >= 30
    assert len(view_of_graph.edges) >= 70


@pytest.mark.parametrize("drawn", views(), ids=["whole", "grouped", "part", "part-grouped"])
def test_boxes_hold_their_names_and_stand_apart(drawn: View) -> None:
    plan = layout(drawn)
    for node in drawn.nodes:
        letters = max(len(node.name), len(kind(node)))
        assert letters * WIDEST < plan.boxes[node.name].width
    for left_box, right_box in combinations(plan.boxes.values(), 2):
        assert not overlap(left_box, right_box)
    for box in plan.boxes.values():
        assert box.x + box.width <= plan.width
        assert box.y + box.height <= plan.height


def overlap(left_box: Box, right_box: Box) -> bool:
    across = (
        left_box.x < right_box.x + right_box.width and right_box.x < left_box.x + left_box.width
    )
    return (
        across
        and left_box.y < right_box.y + right_box.height
        and right_box.y < left_box.y + left_box.height
    )


@pytest.mark.parametrize("drawn", views(), ids=["whole", "grouped", "part", "part-grouped"])
def test_no_arrow_runs_under_a_box(drawn: View) -> None:
    plan = layout(drawn)
    for edge, points in plan.routes.items():
        for (x1, y1), (x2, y2) in zip(points[1:-1:2], points[2::2], strict=False):
            assert y1 == y2
            for name, box in plan.boxes.items():
                inside = x1 < box.x + box.width and box.x < x2 and box.y < y1 < box.y + box.height
                assert not inside, (edge, name)


def test_a_band_holds_the_boxes_of_its_namespace() -> None:
    drawn = view(large(), grouped=True)
    plan = layout(drawn)
    assert set(plan.bands) == {node.namespace for node in drawn.nodes}
    for node in drawn.nodes:
        band, box = plan.bands[node.namespace], plan.boxes[node.name]
        assert band.y < box.y
        assert box.y + box.height <= band.y + band.height


@pytest.mark.parametrize("scenario", scenario_names()[::4])
def test_protocols_have_colours_of_their_own(scenario: str) -> None:
    colours = view(compiled(scenario).graphs[None]).colours
    assert len(set(colours.values())) == len(colours)


def test_arrows_say_what_they_are_and_no_rule_reaches_into_the_arrowheads() -> None:
    text = svg(view(large()))
    root = ElementTree.fromstring(text)
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert "train-risk uses redis: redis, port 6379" in titles
    assert "churn uses models-risk: s3" in titles  # a model store has no server
    assert len(titles) == len(view(large()).edges)
    assert "\n  path {" not in text


def test_a_part_is_what_an_instance_uses_and_its_direct_users() -> None:
    part = json.loads(graph("--of", "mlflow-risk", "--as", "json").stdout)
    names = {node["name"] for node in part["nodes"]}
    assert {"mlflow-risk", "seaweedfs", "pgbouncer", "postgres", "istio"} <= names
    assert {"train-risk", "mlflow-risk-smoke"} <= names
    assert not names & {"redis", "train-vision", "feast-risk"}


def test_a_model_leads_to_the_store_that_it_is_fetched_from() -> None:
    part = json.loads(graph("--of", "churn", "--as", "json").stdout)
    edges = {(edge["consumer"], edge["provider"], edge["protocol"]) for edge in part["edges"]}
    assert {("churn", "models-risk", "s3"), ("models-risk", "seaweedfs", "s3")} <= edges
    # The bindings of the serving system are its own.
    assert {
        protocol
        for consumer, provider, protocol in edges
        if (consumer, provider) == ("models-risk", "kserve")
    } == {"serving"}


def impact(*words: str) -> Result:
    return run("impact", "-f", LARGE, *words)


def test_the_impact_of_a_server_reaches_the_pods_behind_its_users() -> None:
    result = impact("postgres")
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines()[1:]}
    assert list(rows)[:4] == ["argo-workflows", "etl", "lakefs", "pgbouncer"]
    assert rows["pgbouncer"] == ["pgbouncer", "pgbouncer", "postgresql"]
    assert rows["mlflow-risk"][-3:] == ["postgresql:", "mlflow_risk", "pgbouncer"]
    assert "mlflow-vision, then pgbouncer" in result.stdout
    assert not rows.keys() & {"postgres", "redis", "churn"}
    assert result.stderr == "4 use `postgres` directly in default, 12 through others\n"


def test_the_impact_of_a_store_reaches_its_models_and_their_callers() -> None:
    listed = json.loads(impact("seaweedfs", "--format", "json").stdout)["dependents"]
    churn = next(item for item in listed if item["name"] == "churn")
    assert churn == {
        "name": "churn", "section": "models", "type": "model", "namespace": "risk",
        "uses": [{"provider": "models-risk", "protocol": "s3", "claims": []}],
        "through": ["models-risk"],
    }  # fmt: skip


@pytest.mark.parametrize("scenario", scenario_names())
def test_the_impact_is_all_that_leads_to_an_instance(scenario: str) -> None:
    """From each listed instance, and from no other, arrows lead to the named one, on the way that is listed."""
    graph = compiled(scenario).graphs[None]
    steps = {(edge.consumer, edge.provider) for edge in edges(graph)}
    uses = {name: _reached(steps, name) for name in graph.instances}
    for name in graph.instances:
        listed = dependents(graph, name)
        users = {user for user in uses if name in uses[user]} - {name}
        assert sorted(item.instance.name for item in listed) == sorted(users)
        lengths = [len(item.through) for item in listed]
        assert lengths == sorted(lengths)
        for item in listed:
            assert set(pairwise((item.instance.name, *item.through, name))) <= steps


def _reached(steps: set[tuple[str, str]], name: str) -> set[str]:
    """The instances to which arrows lead from an instance, one after the other."""
    reached, pending = set[str](), [name]
    while pending:
        start = pending.pop()
        new = {provider for consumer, provider in steps if consumer == start} - reached
        reached |= new
        pending += new
    return reached


def test_an_instance_that_nothing_uses_has_no_impact() -> None:
    result = impact("etl")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "0 use `etl` directly in default, 0 through others\n"


def test_an_unknown_instance_has_no_impact_but_a_hint() -> None:
    assert "did you mean `train-risk`?" in impact("train-rsk").stderr


def test_an_instance_that_is_not_there_is_answered_with_the_right_one() -> None:
    result = graph("--of", "train-rsk")
    assert result.exit_code == 2
    assert "did you mean `train-risk`?" in result.stderr


def test_every_form_groups_by_namespace() -> None:
    assert 'subgraph ns_n_risk ["risk"]' in graph("--by", "namespace").stdout
    assert 'label="risk";' in graph("--by", "namespace", "--as", "dot").stdout
    assert "namespace risk" in graph("--by", "namespace", "--as", "svg").stdout


def test_json_has_every_binding(tmp_path: Path) -> None:
    graph_json = json.loads(graph("--as", "json").stdout)
    assert len(graph_json["edges"]) == len(view(large()).edges)
    assert {"consumer": "train-risk", "provider": "feast-risk", "protocol": "feast",
            "claims": [], "port": 6566} in graph_json["edges"]  # fmt: skip


HOSTILE = 'a"]; click n_a "https://evil.example" <img src=x onerror=y>\x1b[31m\u202e\n&'


def test_no_text_leaves_its_label() -> None:
    """Names are DNS labels today; the two sinks do not rely on that."""
    label = mermaid_label(HOSTILE)
    assert not set('"<>\n\x1b\u202e') & set(label)
    text = svg_text(HOSTILE)
    assert ElementTree.fromstring(f'<text title="{text}">{text}</text>').get("title") == (
        HOSTILE.replace("\x1b", "\\u001b").replace("\u202e", "\\u202e").replace("\n", "\\u000a")
    )


@pytest.mark.parametrize(
    ("module", "sink"), [(svg_module, "svg_text"), (mermaid_module, "mermaid_label")]
)
def test_each_text_of_a_diagram_goes_through_its_sink(
    module: ModuleType, sink: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sink that takes every letter away leaves no name in the labels."""
    overview = view(large(), grouped=True)
    draw = getattr(module, module.__name__.rpartition(".")[2])
    names = {node.name for node in overview.nodes} | {*overview.groups}
    assert [
        name for name in names if f">{name}<" in draw(overview) or f'"{name}"' in draw(overview)
    ]
    monkeypatch.setattr(module, sink, lambda text: "")
    assert not [
        name for name in names if f">{name}<" in draw(overview) or f'"{name}"' in draw(overview)
    ]


def test_a_chain_may_be_longer_than_pythons_stack_is_deep() -> None:
    length = 1100
    models = "".join(
        f"    m{number}: {{format: sklearn, uri: 's3://models/a', access: inside, uses: [m{number + 1}]}}\n"
        for number in range(length)
    )
    data = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: chain}\nspec:\n  components:\n"
        "    seaweedfs: {}\n    kserve: {mode: standard}\n  models:\n"
        f"{models}    m{length}: {{format: sklearn, uri: 's3://models/a', access: inside}}\n"
    )
    chain = pipeline.resolved_text(data.encode(), "platform.yaml").graphs[None]
    order = chain.providers_first
    assert order.index(f"m{length}") < order.index(f"m{length - 1}") < order.index("m0")
    depths = _depths(view(chain))
    assert depths["m0"] == depths[f"m{length}"] + length
