"""Find keys in the maps of an object that an API server refuses.

The facts are from Kubernetes 1.34: keys of labels and annotations are qualified names
(apimachinery/pkg/api/validation/objectmeta.go), keys of a ConfigMap or Secret have up to 253 of a few
signs, and the name of a variable is any printable ASCII text without `=`
(apimachinery/pkg/util/validation/validation.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compiler.kube.rejection import Rejection
from compiler.spec import labels

_LABEL, _LABEL_VALUE = re.compile(labels.KEY), re.compile(labels.VALUE)
_FILE = re.compile(r"(?!\.\.)[-._A-Za-z0-9]{1,253}")
_VARIABLE = re.compile(r"[ -<>-~]+")
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
            yield Rejection(_pointer(at, key), f"`{value}` is not the value of a label", help)


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
    return Rejection(_pointer(at, key), f"`{key}` is not {role}", help)


def _pointer(at: str, key: str) -> str:
    return f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
