"""How the live tests' pods see ConfigMaps and Secrets: as a kubelet mounts them, links and all."""

from __future__ import annotations

from pathlib import Path

from live.pods import volumes
from live.pods.objects import Objects

OBJECT = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "namespace": "space"},
}
VOLUME = {
    "name": "settings",
    "configMap": {"name": "settings", "items": [{"key": "a", "path": "deep/a.conf"}]},
}


def test_a_mounted_file_is_a_link_through_data_and_changes_in_place(tmp_path: Path) -> None:
    objects = Objects()
    for text in ("first", "second"):
        objects.apply([{**OBJECT, "data": {"a": text}}])
        folder, read_only = volumes.directory(VOLUME, {}, tmp_path, "space", objects, str.encode)
        assert read_only
        assert (folder / "deep/a.conf").read_text() == text
        assert str((folder / "deep").readlink()) == "..data/deep"
        (stored,) = [path for path in folder.iterdir() if path.name.startswith("..2")]
        assert (folder / "..data").readlink() == Path(stored.name)


def test_a_projected_token_is_for_its_audience(tmp_path: Path) -> None:
    source = {"serviceAccountToken": {"path": "token", "audience": "pipelines"}}
    volume = {"name": "token", "projected": {"sources": [source]}}
    folder, _ = volumes.directory(
        volume, {}, tmp_path, "space", Objects(), lambda audience: f"for {audience}".encode()
    )
    assert (folder / "token").read_text() == "for pipelines"
