"""A canary without an earlier version of its model, which would serve the other requests.

Knative splits requests between the newest revision of a model and the one before. Without an
earlier one, the newest gets all requests, whatever the percentage says. The spec does not show
whether there is one; the tree of the last compile does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from compiler.diagnostics import Report
from compiler.files import open_folder
from compiler.model.package import Lowered


def check_previous(environments: Mapping[str | None, Lowered], root: Path, report: Report) -> None:
    for name, lowered in environments.items():
        if name is None:
            continue
        new, kinds = dict(_canaries(lowered)), sorted(_kinds(lowered))
        present = _present(root, f"overlays/{name}/models", kinds) if new else set()
        for model in sorted(new.keys() - present):
            path = ("spec", "models", model, "canary")
            report.within(name).add(
                "first-canary",
                f"`{model}` starts as a canary: no version before it takes the other "
                f"{100 - new[model]} %, and it gets all requests",
                lowered.platform.document.span_of(path),
                path=path,
                help="deploy the version before it first, without `canary`",
            )


def _canaries(lowered: Lowered) -> Iterator[tuple[str, int]]:
    for package in lowered.models.values():
        for resource in package.resources:
            percent = resource.canary
            if percent is not None:
                yield resource.name, percent


def _kinds(lowered: Lowered) -> set[str]:
    """The kinds of models whose operator keeps the version before."""
    return {custom.kind for custom in lowered.custom_resources.values() if custom.canary}


def _present(root: Path, folder: str, kinds: Iterable[str]) -> set[str]:
    """The models in the files that the last compile wrote, found by the first lines of their objects.

    A file that cannot be read is skipped, because the check of the output reports it.
    """
    begin = re.compile(rf"^kind: (?:{'|'.join(kinds)})\nmetadata:\n  name: (\S+)$", re.M)
    names: set[str] = set()
    with suppress(OSError), open_folder(root) as tree:
        for shard in tree.names(folder):
            data = tree.read_if_there(f"{folder}/{shard}/models.yaml") or b""
            names.update(begin.findall(data.decode("utf-8", "replace")))
    return {name.strip("'\"") for name in names}
