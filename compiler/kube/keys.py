"""Find keys in the maps of an object that an API server refuses.

The facts are from Kubernetes 1.34: keys of labels and annotations are qualified names
(apimachinery/pkg/api/validation/objectmeta.go), keys of a ConfigMap or Secret have up to 253 of a few
signs, and the name of a variable is any printable ASCII text without `=`
(apimachinery/pkg/util/validation/validation.go). Keys of selectors and of amounts are qualified names too,
and names of containers and volumes are DNS labels (pkg/apis/core/validation/validation.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compiler.document.pointer import below
from compiler.kube.rejection import Rejection
from compiler.spec import labels

_LABEL, _LABEL_VALUE = re.compile(labels.KEY), re.compile(labels.VALUE)
_FILE = re.compile(r"(?!\.\.)[-._A-Za-z0-9]{1,253}")
_VARIABLE = re.compile(r"[ -<>-~]+")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PORT = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
_AMOUNTS = ("capacity", "hard", "limits", "overhead", "requests")
_SELECTORS = ("matchLabels", "nodeSelector")
_HELP_LABEL = "write it like `team` or `example.com/team`"


def is_label_key(key: str) -> bool:
    return _LABEL.fullmatch(key) is not None


def is_label_value(value: str) -> bool:
    return _LABEL_VALUE.fullmatch(value) is not None


def of_metadata(metadata: Mapping[str, Any], at: str) -> Iterator[Rejection]:
    yield from of_labels(metadata.get("labels") or {}, f"{at}/labels")
    for key in metadata.get("annotations") or {}:
        if not is_label_key(key.lower()):
            yield _refused(f"{at}/annotations", key, "the key of an annotation", _HELP_LABEL)


def of_labels(values: Mapping[str, Any], at: str) -> Iterator[Rejection]:
    for key, value in values.items():
        if not is_label_key(key):
            yield _refused(at, key, "the key of a label", _HELP_LABEL)
        elif not is_label_value(str(value)):
            help = "use at most 63 letters, digits, `-`, `_` and `.`"
            yield Rejection(below(at, key), f"`{value}` is not the value of a label", help)


def of_maps(value: Any, at: str) -> Iterator[Rejection]:
    """The keys of metadata, selectors and amounts, at any depth of one of Kubernetes' own objects."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from of_maps(inner, f"{at}/{index}")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _of_map(key, inner, below(at, key))


def _of_map(key: str, value: Any, at: str) -> Iterator[Rejection]:
    if key in _SELECTORS and isinstance(value, dict):
        yield from of_labels(value, at)
    elif key in _AMOUNTS and isinstance(value, dict):
        for name in value:
            if not is_label_key(name):
                help = "write it like `cpu` or `example.com/gpu`"
                yield _refused(at, name, "the name of a resource", help)
    elif key == "matchExpressions" and isinstance(value, list):
        for index, expression in enumerate(value):
            label = str(expression.get("key", ""))
            if not is_label_key(label):
                problem = f"`{label}` is not the key of a label"
                yield Rejection(f"{at}/{index}/key", problem, _HELP_LABEL)
    elif key == "metadata" and isinstance(value, dict):
        yield from of_metadata(value, at)
    else:
        yield from of_maps(value, at)


def of_names(elements: Iterable[Mapping[str, Any]], at: str, role: str) -> Iterator[Rejection]:
    """The names of containers, volumes or ports in a list."""
    form = _PORT if role == "a port" else _NAME
    for index, element in enumerate(elements):
        name = element.get("name", "" if role != "a port" else "port")
        if not form.fullmatch(str(name)):
            most = 15 if role == "a port" else 63
            help = f"use at most {most} small letters, digits and `-`"
            yield Rejection(f"{at}/{index}/name", f"`{name}` is not the name of {role}", help)


def of_data(manifest: Mapping[str, Any]) -> Iterator[Rejection]:
    """The keys of a ConfigMap or a Secret, which become files."""
    for section in ("data", "stringData", "binaryData"):
        for key in manifest.get(section) or {}:
            if key == "." or not _FILE.fullmatch(key):
                help = "use at most 253 letters, digits, `-`, `_` and `.`"
                yield _refused(f"/{section}", key, "the name of a file", help)


def of_variables(variables: Iterable[Mapping[str, Any]], at: str) -> Iterator[Rejection]:
    for index, variable in enumerate(variables):
        name = str(variable.get("name", ""))
        if not _VARIABLE.fullmatch(name):
            help = "use letters, digits and `_`"
            problem = f"`{name}` is not the name of a variable"
            yield Rejection(f"{at}/{index}/name", problem, help)


def _refused(at: str, key: str, role: str, help: str) -> Rejection:
    return Rejection(below(at, key), f"`{key}` is not {role}", help)
