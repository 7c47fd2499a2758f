"""CUE: a definition for the labels, defaults that environments unify with, objects as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.peers.data import written
from benchmarks.template import MODEL, Chart, Labels, Name, Part, Selector, Text, Value

_HEAD = """\
package platform

import (
	"encoding/yaml"
	"list"
	"strings"
)

#Labels: {
	#instance: string
	#name:     string

	"app.kubernetes.io/instance":   #instance
	"app.kubernetes.io/managed-by": "platformc"
	"app.kubernetes.io/name":       #name
	"app.kubernetes.io/part-of":    values.platform.name
	...
}

#Selector: {
	#instance:  string
	#component: string

	"app.kubernetes.io/component": #component
	"app.kubernetes.io/instance":  #instance
}

#Name: {
	#instance: string
	out:       strings.MaxRunes(63) & #instance
}

stream: yaml.MarshalStream(list.Concat([shared, models]))
"""


class _Cue:
    def value(self, value: Value) -> str:
        if value.section != MODEL:
            return f"values.{value.section}.{value.key}"
        return "name" if value.key == "name" else f"model.{value.key}"

    def text(self, text: Text) -> str:
        return '"' + "".join(map(self._part, text.parts)) + '"'

    def _part(self, part: Part) -> str:
        if isinstance(part, Name):
            return f"\\((#Name & {{#instance: {self._argument(part.instance)}}}).out)"
        return f"\\({self.value(part)})" if isinstance(part, Value) else json.dumps(part)[1:-1]

    def _argument(self, instance: str | Value) -> str:
        return json.dumps(instance) if isinstance(instance, str) else self.value(instance)

    def labels(self, labels: Labels, added: str) -> str:
        settings = f"#instance: {self._argument(labels.instance)}, #name: {json.dumps(labels.name)}"
        return f"#Labels & {{{settings}{', ' if added else ''}{added}}}"

    def selector(self, selector: Selector) -> str:
        instance = self._argument(selector.instance)
        settings = f"#instance: {instance}, #component: {json.dumps(selector.component)}"
        return f"#Selector & {{{settings}}}"

    def field(self, key: str, flag: Value | None, node: str) -> str:
        return f"if {self.value(flag)} {{{key}: {node}}}" if flag else f"{key}: {node}"

    def list(self, items: list[tuple[Value | None, str]]) -> str:
        conditional = (
            f"if {self.value(flag)} {{{text}}}" if flag else text for flag, text in items
        )
        return "[" + ", ".join(conditional) + "]"


def write(chart: Chart, folder: Path, cue: str) -> list[str]:
    """The package and a file for each environment; the command that renders them all."""
    folder.mkdir(parents=True)
    overridden: dict[str, Any] = {}
    for override in chart.overrides.values():
        _touch(overridden, override)
    values = _defaults(chart.values, overridden)
    (folder / "values.cue").write_text(f"package platform\n\nvalues: {values}\n")
    shared = written([node for nodes in chart.sections.values() for node in nodes], _Cue())
    model = ", ".join(written(entry, _Cue()) for entry in chart.model)
    loop = f"list.Concat([for name, model in values.models {{[{model}]}}])"
    (folder / "platform.cue").write_text(f"{_HEAD}\nshared: {shared}\nmodels: {loop}\n")
    for name, element in chart.overrides.items():
        text = f"package platform\n\nvalues: {json.dumps(element)}\n"
        (folder / f"{name}.cue").write_text(text)
    commands = (
        f"{cue} export values.cue platform.cue {name}.cue -e stream --out text >{name}.out"
        for name in chart.overrides
    )
    return ["sh", "-ec", "; ".join(commands)]


def _touch(touched: dict[str, Any], override: dict[str, Any]) -> None:
    for key, item in override.items():
        if isinstance(item, dict):
            _touch(touched.setdefault(key, {}), item)
        else:
            touched[key] = True


def _defaults(values: Any, overridden: Any) -> str:
    """Values as CUE has them: those that some environment overrides are defaults of their type."""
    if isinstance(values, dict):
        inner = overridden if isinstance(overridden, dict) else {}
        fields = (f"{json.dumps(k)}: {_defaults(v, inner.get(k))}" for k, v in values.items())
        return "{" + ", ".join(fields) + "}"
    if overridden is None:
        return json.dumps(values)
    word = {bool: "bool", int: "int", str: "string"}[type(values)]
    return f"{word} | *{json.dumps(values)}"
