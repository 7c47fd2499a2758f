"""Jsonnet, by rjsonnet, the fastest of its implementations: a function for the labels, values that
environments add to, and objects as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.peers.data import written
from benchmarks.template import MODEL, Chart, Labels, Name, Part, Selector, Text, Value

_LABELS = """\
local labels(instance, name) = {
  "app.kubernetes.io/instance": instance,
  "app.kubernetes.io/managed-by": "platformc",
  "app.kubernetes.io/name": name,
  "app.kubernetes.io/part-of": values.platform.name,
};
local selector(instance, component) = {
  "app.kubernetes.io/component": component,
  "app.kubernetes.io/instance": instance,
};
local nameOf(instance) = std.substr(instance, 0, 63);
"""
_RENDER = '''\
"""Renders every environment that is named, as a list in JSON."""

import sys

import rjsonnet

for environment in sys.argv[1:]:
    with open(f"{environment}.out", "w") as out:
        out.write(rjsonnet.evaluate_file(f"{environment}.jsonnet"))
'''


class _Jsonnet:
    def value(self, value: Value) -> str:
        if value.section != MODEL:
            return f"values.{value.section}.{value.key}"
        return "name" if value.key == "name" else f"model.{value.key}"

    def text(self, text: Text) -> str:
        parts = [self._part(part) for part in text.parts if part]
        return " + ".join(parts if '"' in parts[0] else ['""', *parts])

    def _part(self, part: Part) -> str:
        if isinstance(part, Name):
            return f"nameOf({self._part(part.instance)})"
        return self.value(part) if isinstance(part, Value) else json.dumps(part)

    def labels(self, labels: Labels, added: str) -> str:
        settings = f"{self._part(labels.instance)}, {json.dumps(labels.name)}"
        return f"labels({settings})" + (f" + {{{added}}}" if added else "")

    def selector(self, selector: Selector) -> str:
        return f"selector({self._part(selector.instance)}, {json.dumps(selector.component)})"

    def field(self, key: str, flag: Value | None, node: str) -> str:
        return f"[if {self.value(flag)} then {key}]: {node}" if flag else f"{key}: {node}"

    def list(self, items: list[tuple[Value | None, str]]) -> str:
        if not any(flag for flag, _ in items):
            return "[" + ", ".join(text for _, text in items) + "]"
        return " + ".join(
            f"(if {self.value(flag)} then [{text}] else [])" if flag else f"[{text}]"
            for flag, text in items
        )


def write(chart: Chart, folder: Path, python: str) -> list[str]:
    """The library and a program for each environment; the command that runs them all."""
    folder.mkdir(parents=True)
    (folder / "render.py").write_text(_RENDER)
    (folder / "values.libsonnet").write_text(json.dumps(chart.values, indent=1))
    sections = [written(list(nodes), _Jsonnet()) for nodes in chart.sections.values()]
    model = written(list(chart.model), _Jsonnet())
    loop = (
        "std.flattenArrays([\n  local model = values.models[name];\n  "
        f"{model}\n  for name in std.objectFields(values.models)\n])"
    )
    objects = "\n+ ".join([*sections, loop])
    (folder / "platform.libsonnet").write_text(f"function(values)\n{_LABELS}{objects}\n")
    for name, values in chart.overrides.items():
        (folder / f"{name}.jsonnet").write_text(
            f"(import 'platform.libsonnet')((import 'values.libsonnet') + {_added(values)})\n"
        )
    return [python, "render.py", *chart.overrides]


def _added(values: Any) -> str:
    """The additions of an environment to the values: maps to maps, all else instead."""
    if not isinstance(values, dict):
        return json.dumps(values)
    fields = (
        f"{json.dumps(key)}{'+' if isinstance(value, dict) else ''}: {_added(value)}"
        for key, value in values.items()
    )
    return "{" + ", ".join(fields) + "}"
