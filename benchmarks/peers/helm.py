"""Helm: a chart with a named template for the labels and a file of values per environment."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.peers.text import documents
from benchmarks.template import MODEL, Chart, Value
from compiler.kube import yaml

_HELPERS = """\
{{- define "platform.labels" -}}
app.kubernetes.io/instance: {{ .instance }}
app.kubernetes.io/managed-by: platformc
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/part-of: {{ .root.Values.platform.name }}
{{- end }}
{{- define "platform.selectorLabels" -}}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/instance: {{ .instance }}
{{- end }}
{{- define "platform.name" -}}
{{ . | trunc 63 | trimSuffix "-" }}
{{- end }}
"""


class _Helm:
    end = "{{- end }}"

    def value(self, value: Value) -> str:
        term = expression(value)
        # Numbers of values.yaml are floats to Helm, and large ones would get an exponent.
        return f"{{{{ {term} | int64 }}}}" if value in self.large else f"{{{{ {term} }}}}"

    def __init__(self, chart: Chart) -> None:
        self.large = {
            Value(section, key)
            for section, values in chart.values.items()
            for key, value in values.items()
            if type(value) is int and value >= 1_000_000
        }

    def name(self, instance: str | Value) -> str:
        return f'{{{{ include "platform.name" {_argument(instance)} }}}}'

    def labels(self, instance: str | Value, name: str, pad: int) -> str:
        settings = f'"instance" {_argument(instance)} "name" "{name}" "root" $'
        return _indented(f'include "platform.labels" (dict {settings})', pad)

    def selector(self, instance: str | Value, component: str, pad: int) -> str:
        settings = f'"instance" {_argument(instance)} "component" "{component}"'
        return _indented(f'include "platform.selectorLabels" (dict {settings})', pad)

    def when(self, flag: Value) -> str:
        return f"{{{{- if {expression(flag)} }}}}"

    def literal(self, text: str) -> str:
        return text.replace("{{", '{{ "{{" }}')


def _argument(instance: str | Value) -> str:
    return json.dumps(instance) if isinstance(instance, str) else expression(instance)


def _indented(call: str, pad: int) -> str:
    return f"{' ' * pad}{{{{- {call} | nindent {pad} }}}}"


def expression(value: Value) -> str:
    if value.section != MODEL:
        return f"$.Values.{value.section}.{value.key}"
    return "$name" if value.key == "name" else f"$model.{value.key}"


def write(chart: Chart, folder: Path, helm: str) -> list[str]:
    """The chart; the command that renders every environment."""
    syntax = _Helm(chart)
    sections = {name: documents(nodes, syntax) for name, nodes in chart.sections.items()}
    return written(chart, folder, helm, sections)


def pasted(chart: Chart, shared: dict[str, str], folder: Path, helm: str) -> list[str]:
    """The same with all but the models as text that is ready for each environment."""
    sections = {
        f"shared-{name}": f'{{{{- if eq .Values.environment "{name}" }}}}\n---\n'
        f"{_Helm(chart).literal(text)}{{{{- end }}}}\n"
        for name, text in shared.items()
    }
    return written(chart, folder, helm, sections)


def written(chart: Chart, folder: Path, helm: str, sections: dict[str, str]) -> list[str]:
    templates = folder / "templates"
    templates.mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: platform\nversion: 0.1.0\n")
    (templates / "_helpers.tpl").write_text(_HELPERS)
    for name, text in sections.items():
        (templates / f"{name}.yaml").write_text(text)
    loop = "{{- range $name, $model := .Values.models }}\n"
    body = documents(chart.model, _Helm(chart))
    (templates / "models.yaml").write_text(f"{loop}{body}{{{{- end }}}}\n")
    (folder / "values.yaml").write_text(yaml.dump(chart.values))
    for name, values in chart.overrides.items():
        text = yaml.dump({**values, "environment": name})
        (folder / f"values-{name}.yaml").write_text(text)
    commands = (
        f"{helm} template platform . -f values-{name}.yaml >{name}.out" for name in chart.overrides
    )
    return ["sh", "-ec", "; ".join(commands)]
