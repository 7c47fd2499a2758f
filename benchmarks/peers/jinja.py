"""Jinja2: templates of YAML text, a macro for the labels, and a merge of values in Python."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.peers.text import documents
from benchmarks.template import MODEL, Chart, Value
from compiler.kube import yaml

_HELPERS = """\
{% macro labels(values, instance, name) -%}
app.kubernetes.io/instance: {{ instance }}
app.kubernetes.io/managed-by: platformc
app.kubernetes.io/name: {{ name }}
app.kubernetes.io/part-of: {{ values.platform.name }}
{%- endmacro %}
{% macro selector(instance, component) -%}
app.kubernetes.io/component: {{ component }}
app.kubernetes.io/instance: {{ instance }}
{%- endmacro %}
{% macro name(instance) -%}
{{ instance[:63] }}
{%- endmacro %}
"""
_IMPORT = '{% import "helpers.j2" as helpers %}\n'
_RENDER = '''\
"""Renders every environment that is named."""

import sys

import jinja2
import yaml


def load(path):
    with open(path) as file:
        return yaml.load(file, Loader=yaml.CSafeLoader) or {}


def merged(base, override):
    if not isinstance(base, dict) or not isinstance(override, dict):
        return override
    return base | {key: merged(base.get(key), value) for key, value in override.items()}


loader = jinja2.FileSystemLoader("templates")
templates = jinja2.Environment(
    loader=loader, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
)
base = load("values.yaml")
for environment in sys.argv[1:]:
    values = merged(base, load(f"values-{environment}.yaml"))
    with open(f"{environment}.out", "w") as out:
        for name in sorted(loader.list_templates()):
            if name != "helpers.j2":
                out.write(templates.get_template(name).render(values=values, environment=environment))
'''


class _Jinja:
    end = "{% endif %}"

    def value(self, value: Value) -> str:
        return f"{{{{ {expression(value)} }}}}"

    def name(self, instance: str | Value) -> str:
        return f"{{{{ helpers.name({_argument(instance)}) }}}}"

    def labels(self, instance: str | Value, name: str, pad: int) -> str:
        return _indented(f'helpers.labels(values, {_argument(instance)}, "{name}")', pad)

    def selector(self, instance: str | Value, component: str, pad: int) -> str:
        return _indented(f'helpers.selector({_argument(instance)}, "{component}")', pad)

    def when(self, flag: Value) -> str:
        return f"{{% if {expression(flag)} %}}"

    def literal(self, text: str) -> str:
        for name in ("{{", "{%", "{#"):
            text = text.replace(name, f'{{{{ "{name}" }}}}' if name != "{{" else "\0")
        return text.replace("\0", '{{ "{{" }}')


def _argument(instance: str | Value) -> str:
    return json.dumps(instance) if isinstance(instance, str) else expression(instance)


def _indented(call: str, pad: int) -> str:
    return f"{' ' * pad}{{{{ {call} | indent({pad}) }}}}"


def expression(value: Value) -> str:
    if value.section != MODEL:
        return f"values.{value.section}.{value.key}"
    return "name" if value.key == "name" else f"model.{value.key}"


def write(chart: Chart, folder: Path) -> list[str]:
    """The program and its inputs; the command that renders every environment."""
    sections = {name: documents(nodes, _Jinja()) for name, nodes in chart.sections.items()}
    return written(chart, folder, sections)


def pasted(chart: Chart, shared: dict[str, str], folder: Path) -> list[str]:
    """The same with all but the models as text that is ready for each environment."""
    sections = {
        f"shared-{name}": f'{{% if environment == "{name}" %}}\n---\n'
        f"{_Jinja().literal(text)}{{% endif %}}\n"
        for name, text in shared.items()
    }
    return written(chart, folder, sections)


def written(chart: Chart, folder: Path, sections: dict[str, str]) -> list[str]:
    templates = folder / "templates"
    templates.mkdir(parents=True)
    (folder / "render.py").write_text(_RENDER)
    (templates / "helpers.j2").write_text(_HELPERS)
    for name, text in sections.items():
        (templates / f"{name}.yaml.j2").write_text(_IMPORT + text)
    loop = "{% for name, model in values.models.items() %}\n"
    body = documents(chart.model, _Jinja())
    (templates / "models.yaml.j2").write_text(f"{_IMPORT}{loop}{body}{{% endfor %}}\n")
    (folder / "values.yaml").write_text(yaml.dump(chart.values))
    for name, values in chart.overrides.items():
        (folder / f"values-{name}.yaml").write_text(yaml.dump(values))
    return [sys.executable, "render.py", *chart.overrides]
