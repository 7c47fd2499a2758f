"""The documents are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.diagnosing import HEADER, diagnosed
from support.paths import ROOT

from compiler import pipeline
from compiler.diagnostics import errors
from compiler.diagrams.svg import svg
from compiler.diagrams.view import view
from compiler.reference import topics

# Pages that `make docs` adds to the site, from the models and the specs; see docs/hooks.py.
GENERATED = {
    ROOT / "docs" / name
    for name in (
        "reference/index.md", "diagnostics/index.md", "examples.md",
        *(f"reference/{topic}.md" for topic in topics()),
    )
}  # fmt: skip
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_the_picture_of_the_reference_is_current() -> None:
    result = pipeline.compile((ROOT / "platform.yaml").read_bytes(), "platform.yaml")
    assert (ROOT / "docs" / "reference-platform.svg").read_text() == svg(view(result.graphs[None]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith(("http://", "https://")):
            target_path = (page.parent / target).resolve()
            assert target_path.exists() or target_path in GENERATED, f"{page.name}: {target}"


def test_every_file_of_the_code_that_a_page_names_exists() -> None:
    path = re.compile(r"`((?:compiler|tests|benchmarks|action)/[\w./-]+)`")
    named = {name for page in PAGES for name in path.findall(page.read_text())}
    assert len(named) > 100
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_excerpt_in_the_readme_is_of_the_reference() -> None:
    readme = (ROOT / "README.md").read_text()
    excerpt = readme.split("```yaml\n")[1].split("```")[0]
    lines = [line.strip() for line in (ROOT / "platform.yaml").read_text().splitlines()]
    for line in excerpt.splitlines():
        assert line.strip() in lines, line
    assert list(errors(diagnosed(f"{HEADER}{excerpt}".encode()))) == []


def test_every_module_of_the_live_tests_is_in_their_table() -> None:
    table = (ROOT / "docs/live-tests.md").read_text()
    modules = [path.name for path in sorted((ROOT / "tests/live").rglob("test_*.py"))]
    assert modules
    assert [name for name in modules if f"{name}`" not in table] == []
