"""The same output by other means: the same values, the same objects, other programs.

Each peer holds the chart that `benchmarks.chart` finds, written as a person would keep it in the
peer's language, and merges the values of each environment by the peer's own means. Its output
is compared, object by object, with platformc's output. No peer validates anything but CUE,
which checks that values fit the types of their defaults.

Two rows are a lower bound instead: there all but the models is text that stands ready for each
environment, pasted.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import yaml as pyyaml

from benchmarks.peers import cue, helm, jinja, jsonnet
from benchmarks.template import Chart
from benchmarks.variants import Manifest, instance
from compiler.kube import yaml

Objects = Mapping[str, list[Manifest]]  # by environment
TOOLS = Path(__file__).parent.parent.parent / ".tools"


def prepared(
    chart: Chart, objects: Objects, models: Iterable[str], folder: Path
) -> dict[str, list[str]]:
    """Every peer's files in its own folder; the command of each, to be run there."""
    shared = _shared(objects, set(models))
    helm_, cue_ = tool("helm"), tool("cue")
    python = str(TOOLS / "rjsonnet" / "bin" / "python")
    writers: dict[str, Callable[[Path], list[str]]] = {
        "helm": lambda path: helm.write(chart, path, helm_),
        "Jinja2": lambda path: jinja.write(chart, path),
        "Jsonnet": lambda path: jsonnet.write(chart, path, python),
        "CUE": lambda path: cue.write(chart, path, cue_),
        "helm, text pasted": lambda path: helm.pasted(chart, shared, path, helm_),
        "Jinja2, text pasted": lambda path: jinja.pasted(chart, shared, path),
    }
    return {name: write(folder / name) for name, write in writers.items()}


def tool(name: str) -> str:
    """A program that `benchmarks/peers.sh` or `tests/tools.sh` brings."""
    program = shutil.which(name, path=TOOLS / "bin") or shutil.which(name)
    if not program:
        raise SystemExit(f"{name} is missing: `make bench` brings it (benchmarks/peers.sh)")
    return program


def _shared(objects: Objects, models: set[str]) -> dict[str, str]:
    return {
        name: yaml.dump_all(yaml.dump(item) for item in sample if instance(item) not in models)
        for name, sample in objects.items()
    }


def differences(manifests: Iterable[Manifest], printed: str) -> list[str]:
    """Names of objects in which a peer's output and platformc's differ."""
    peer = _named(_documents(printed))
    mine = _named(manifests)
    return sorted(name for name in {*mine, *peer} if mine.get(name) != peer.get(name))


def _documents(printed: str) -> Iterable[Manifest]:
    loaded = pyyaml.load_all(printed, Loader=pyyaml.CSafeLoader)
    return (
        item
        for documents in loaded
        for item in (documents if isinstance(documents, list) else [documents])
        if item
    )


def _named(objects: Iterable[Manifest]) -> dict[str, Manifest]:
    return {
        f"{manifest['kind']}/{manifest['metadata'].get('namespace', '')}/{manifest['metadata']['name']}": manifest
        for manifest in objects
    }
