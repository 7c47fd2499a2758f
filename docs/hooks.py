"""Pages that MkDocs builds from the compiler: the reference, the diagnostics' index, the examples.

They are made while the site is built, from the models and specs themselves, so that no copy of them
can be out of date.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mkdocs.structure.files import File, Files

from compiler import registry
from compiler.commands.examples import examples, sentence
from compiler.diagnostics.codes import CODES
from compiler.reference import topics
from compiler.reference.markdown import page


def on_config(config: Any) -> Any:
    """Put the generated pages into the navigation, where `reference/` and `diagnostics/` stand."""
    types = registry.all_types()
    sections = [name for name in topics() if name not in types]
    generated = {
        "Reference": [
            {"Overview": "reference/index.md"},
            *({name: f"reference/{name}.md"} for name in sections),
            {"Components": [{name: f"reference/{name}.md"} for name in types]},
        ],
        "Diagnostics": [
            {"All": "diagnostics/index.md"},
            {"By code": [{code: f"diagnostics/{code}.md"} for code in sorted(CODES)]},
        ],
    }
    config.nav = [
        {title: generated.get(title, target) for title, target in entry.items()}
        for entry in config.nav
    ]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    for name, text in _pages():
        files.append(File.generated(config, name, content=text))
    return files


def _pages() -> Iterator[tuple[str, str]]:
    yield "reference/index.md", _reference()
    yield "diagnostics/index.md", _diagnostics()
    yield "examples.md", _examples()
    for topic in topics().values():
        yield f"reference/{topic.name}.md", page(topic)


def _reference() -> str:
    lines = ["# Reference", "", "Every part of `platform.yaml`, from the models that read it.", ""]
    lines += ["| part | what it is |", "|---|---|"]
    lines += [
        f"| [`{topic.name}`]({topic.name}.md) | {topic.summary} |" for topic in topics().values()
    ]
    return "\n".join(lines) + "\n"


def _diagnostics() -> str:
    lines = ["# Diagnostics", "", "| code | severity | meaning |", "|---|---|---|"]
    lines += [
        f"| [`{name}`]({name}.md) | {code.severity} | {code.title} |"
        for name, code in sorted(CODES.items())
    ]
    return "\n".join(lines) + "\n"


def _examples() -> str:
    lines = [
        "# Examples",
        "",
        "`platformc init --from NAME` starts a platform from one of these.",
        "",
    ]
    for name, spec in examples().items():
        text = spec.read_text(encoding="utf-8").partition("\n")[2]
        shown = text if len(text) < 4000 else f"{text[:1200]}\n# and so on\n"
        lines += [f"## {name}", "", sentence(spec), "", "```yaml", shown.rstrip("\n"), "```", ""]
    return "\n".join(lines) + "\n"
