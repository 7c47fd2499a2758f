"""The same output by other means: a Helm chart, and a Jinja2 program.

Both get the components' manifests ready-made, as plain text for each environment, and template
only the models; platformc derives all of it. So the comparison favours them. What they print is
compared, object by object, with what platformc renders.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml as pyyaml

from benchmarks.platforms import Spec
from compiler.emit import manifests
from compiler.kube import yaml
from compiler.pipeline import Compilation

Manifest = dict[str, Any]

_RENDER = """
import sys, jinja2, yaml
values = yaml.load(open("values.yaml"), Loader=yaml.CSafeLoader)
template = jinja2.Environment(trim_blocks=True).from_string(open("models.j2").read())
for environment in sys.argv[1:]:
    with open(f"{environment}.yaml", "w") as out:
        out.write(open(f"shared-{environment}.txt").read())
        out.write(template.render(models=values["models"]))
"""


def _is_model(manifest: Manifest) -> bool:
    return str(manifest["metadata"]["name"]).startswith("model-0")


def write_jinja(result: Compilation, spec: Spec, folder: Path) -> list[str]:
    """The program and its inputs; the command that runs it once for all environments."""
    folder.mkdir(parents=True)
    values = _values(result, spec)
    (folder / "values.yaml").write_text(yaml.dump(values))
    templates = _templates(result, spec, "{{ m.%s }}")
    body = "".join(f"---\n{text}" for text in templates)
    (folder / "models.j2").write_text(f"{{% for m in models %}}\n{body}{{% endfor %}}\n")
    for environment in result.environments:
        shared = yaml.dump_all(map(yaml.dump, _shared(result, environment)))
        (folder / f"shared-{environment}.txt").write_text(shared)
    (folder / "render.py").write_text(_RENDER)
    return [sys.executable, "render.py", *result.environments]


def write_helm(result: Compilation, spec: Spec, folder: Path, helm: str) -> list[str]:
    """A chart and its values; the command that renders every environment."""
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: peer\nversion: 0.1.0\n")
    (folder / "values.yaml").write_text(yaml.dump(_values(result, spec)))
    templates = _templates(result, spec, "{{ .%s }}")
    body = "".join(f"---\n{text}" for text in templates)
    (folder / "templates" / "models.yaml").write_text(
        f"{{{{- range .Values.models }}}}\n{body}{{{{- end }}}}\n"
    )
    for environment in result.environments:
        shared = yaml.dump_all(map(yaml.dump, _shared(result, environment)))
        escaped = shared.replace("{{", '{{ "{{" }}')
        (folder / "templates" / f"{environment}.yaml").write_text(
            f'{{{{- if eq .Values.environment "{environment}" }}}}\n{escaped}{{{{- end }}}}\n'
        )
    each = "; ".join(
        f"{helm} template peer . --set environment={name} > {name}.out"
        for name in result.environments
    )
    return ["sh", "-ec", each]


def _shared(result: Compilation, environment: str) -> Iterable[Manifest]:
    return (one for one in manifests(result.lowered[environment]) if not _is_model(one))


def _values(result: Compilation, spec: Spec) -> Manifest:
    models = spec["spec"]["models"]
    return {"models": [_variables(name, model) for name, model in models.items()]}


def _variables(name: str, model: Spec) -> Manifest:
    return {
        "name": name, "format": model["format"], "uri": model["uri"],
        "minReplicas": model["minReplicas"], "maxReplicas": model["maxReplicas"],
    }  # fmt: skip


def _templates(result: Compilation, spec: Spec, form: str) -> list[str]:
    """The text of one model's objects with its values as variables."""
    sample = {
        "format": "FORMAT", "uri": "s3://SAMPLE-URI", "minReplicas": 770077, "maxReplicas": 880088
    }  # fmt: skip
    environment = result.environments[0]
    first = next(iter(spec["spec"]["models"]))
    objects = [one for one in manifests(result.lowered[environment]) if first in json.dumps(one)]
    values = spec["spec"]["models"][first]
    texts = []
    for manifest in objects:
        if not _is_model(manifest):
            continue
        text = yaml.dump(_marked(manifest, first, values, sample))
        text = text.replace(first, form % "name")
        for key, mark in sample.items():
            text = text.replace(str(mark), form % key)
        texts.append(text)
    return texts


def _marked(manifest: Manifest, name: str, values: Spec, sample: Spec) -> Manifest:
    """A model's object with marks where its own values stand, so that they can be found again."""
    predictor = manifest.get("spec", {}).get("predictor")
    if predictor is None:
        return manifest
    served = {**predictor["model"], "storageUri": sample["uri"]}
    served["modelFormat"] = {**served["modelFormat"], "name": sample["format"]}
    marked = {
        **predictor,
        "model": served,
        "minReplicas": sample["minReplicas"],
        "maxReplicas": sample["maxReplicas"],
    }
    return {**manifest, "spec": {**manifest["spec"], "predictor": marked}}


def differences(result: Compilation, environment: str, printed: str) -> list[str]:
    """Names of objects in which a peer's output and platformc's differ."""

    def by_name(objects: Iterable[Manifest]) -> dict[str, Manifest]:
        return {
            f"{one['kind']}/{one['metadata'].get('namespace', '')}/{one['metadata']['name']}": one
            for one in objects
            if one
        }

    theirs = by_name(pyyaml.load_all(printed, Loader=pyyaml.CSafeLoader))
    ours = by_name(manifests(result.lowered[environment]))
    return sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
