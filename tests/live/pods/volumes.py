"""A pod's volumes as directories: scratch, claims that outlive the pod, ConfigMaps and Secrets."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from live.pods.objects import ConfigError, Manifest, Objects

Token = Callable[[str], bytes]  # the token of the pod's account for an audience


def directory(
    volume: Manifest, claims: dict[str, Path], folder: Path, namespace: str, objects: Objects,
    token: Token,
) -> tuple[Path, bool]:  # fmt: skip
    """Where a volume is, and whether it is read-only."""
    name = volume["name"]
    if name in claims:
        return _writable(claims[name]), False
    path = folder / name
    match volume:
        case {"emptyDir": _} | {"ephemeral": _}:
            return _writable(path), False
        case {"configMap": source}:
            _project(path, [{"configMap": source}], source.get("defaultMode"), namespace, objects)
        case {"secret": source}:
            named = {**source, "name": source["secretName"]}
            _project(path, [{"secret": named}], source.get("defaultMode"), namespace, objects)
        case {"projected": source}:
            sources, mode = source["sources"], source.get("defaultMode")
            _project(path, sources, mode, namespace, objects, token)
        case _:
            raise ConfigError(f"a volume {sorted(volume)} is not known here")
    return path, True


def _writable(path: Path) -> Path:
    if not path.is_dir():
        path.mkdir(parents=True)
        path.chmod(0o777)
    return path


def _project(
    folder: Path, sources: list[Manifest], mode: int | None, namespace: str, objects: Objects,
    token: Token | None = None,
) -> None:  # fmt: skip
    """The files as a kubelet writes them: in a folder named after the time, to which `..data` leads;
    each name that a container looks for is a link through `..data`."""
    folder.mkdir(parents=True, exist_ok=True)
    before = folder / "..data"
    old = before.resolve() if before.is_symlink() else None
    stored = folder / f"..{datetime.now(UTC):%Y_%m_%d_%H_%M_%S.%f}"
    stored.mkdir()
    for source in sources:
        for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
            if key in source:
                _files(stored, source[key], kind, mode, namespace, objects)
        if token and "serviceAccountToken" in source:
            projected = source["serviceAccountToken"]
            (stored / projected["path"]).write_bytes(token(projected.get("audience", "")))
    following = folder / "..data_tmp"
    following.symlink_to(stored.name)
    following.rename(before)
    for path in stored.iterdir():
        link = folder / path.name
        if not link.is_symlink():
            link.symlink_to(f"..data/{path.name}")
    if old is not None:
        shutil.rmtree(old)


def _files(
    folder: Path, source: Manifest, kind: str, mode: int | None, namespace: str, objects: Objects
) -> None:
    data = objects.data(kind, namespace, source["name"])
    for item in source.get("items") or [{"key": key, "path": key} for key in data]:
        if item["key"] not in data:
            raise ConfigError(f"{kind} {source['name']} has no key {item['key']}")
        path = folder / item["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data[item["key"]])
        path.chmod(item.get("mode") or mode or 0o644)


def give_to_group(path: Path, group: int) -> None:
    """The work of a kubelet for `fsGroup`: the group's, and as writable for it as for its owner."""
    for folder, _, files in os.walk(path):
        os.chown(folder, -1, group)
        os.chmod(folder, os.stat(folder).st_mode | 0o2070)
        for file in files:
            full = os.path.join(folder, file)
            if not os.path.islink(full):
                os.chown(full, -1, group)
                mode = os.stat(full).st_mode
                os.chmod(full, mode | (mode & 0o600) >> 3)
