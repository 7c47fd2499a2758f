"""Each scenario compiles to the tree that was reviewed."""

from __future__ import annotations

import pytest
from support.paths import SCENARIOS
from support.scenarios import compiled, scenario_names
from syrupy.assertion import SnapshotAssertion


@pytest.mark.parametrize("scenario", scenario_names())
def test_tree(
    scenario: str, tree_snapshot: SnapshotAssertion, request: pytest.FixtureRequest
) -> None:
    result = compiled(scenario)
    tree = dict(result.tree(rendered=()))
    warnings = "".join(
        f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}\n"
        for diagnostic in result.report.sorted()
    )
    if warnings:
        tree["diagnostics.txt"] = warnings
    for path, text in tree.items():
        assert text == tree_snapshot(name=path)
    folder = SCENARIOS / scenario / "expected"
    files = (path for path in folder.rglob("*") if path.is_file())
    stale = {path for path in files if str(path.relative_to(folder)) not in tree}
    if request.config.option.update_snapshots:
        for leftover in stale:
            leftover.unlink()
    else:
        assert not stale
