"""Images on the disk: the registry serves them, changed ones are unpacked again, and old ones go."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cluster.image_store import OPAQUE_ATTRIBUTE, Image, Store

pytestmark = [pytest.mark.live, pytest.mark.cluster]

TAG = "registry.example.internal/tools/shell:1"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def build(store: Store, key: str, files: dict[str, str], *, on: Image | None = None) -> Image:
    """An image with these files on top of another one."""
    folder = store.begin(key)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    layers = list(on.layers) if on else []
    tags = [TAG] if on else []
    store.add(Image(key, "", layers, {"User": "1000"}, tags))
    return store.built()[key]


def blobs(store: Store) -> set[str]:
    return {f"sha256:{path.name}" for path in store.blobs.iterdir()}


def served(store: Store) -> dict[str, Any]:
    """The manifest of the tag, as the registry finds it."""
    digest = (store.place / "registry/tags/tools/shell/1").read_text()
    manifest: dict[str, Any] = json.loads(content(store, digest))
    return manifest


def content(store: Store, digest: str) -> bytes:
    data = (store.blobs / digest.removeprefix("sha256:")).read_bytes()
    assert f"sha256:{hashlib.sha256(data).hexdigest()}" == digest
    return data


def test_a_tag_leads_to_compressed_layers_with_the_digests_of_their_archives(store: Store) -> None:
    base = build(store, "base", {"etc/name": "base"})
    build(store, "shell", {"etc/name": "shell"}, on=base)
    manifest = served(store)
    config = json.loads(content(store, manifest["config"]["digest"]))
    assert config["config"] == {"User": "1000"}
    archives = [
        subprocess.run(["zstd", "-dc"], input=content(store, layer["digest"]), capture_output=True)
        for layer in manifest["layers"]
    ]
    digests = [f"sha256:{hashlib.sha256(archive.stdout).hexdigest()}" for archive in archives]
    assert config["rootfs"]["diff_ids"] == digests
    assert len(digests) == 2
    assert {layer["mediaType"].rpartition("+")[2] for layer in manifest["layers"]} == {"zstd"}


def test_a_layer_comes_back_as_overlayfs_mounts_it(store: Store) -> None:
    """Links, modes, owners, and the two marks for files of the layer below that are hidden."""
    folder = store.begin("base")
    (folder / "bin").mkdir()
    (folder / "bin/tool").write_text("text")
    os.chown(folder / "bin/tool", 999, 998)
    (folder / "bin/tool").chmod(0o4755)
    (folder / "bin/link").symlink_to("tool")
    os.setxattr(folder / "bin", OPAQUE_ATTRIBUTE, b"y")
    os.mknod(folder / "removed", stat.S_IFCHR)
    store.add(Image("base", ""))
    (layer,) = store.built()["base"].layers
    store.tidy()
    assert not folder.exists()

    assert store.folder(layer) == folder
    status = (folder / "bin/tool").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o4755, 999, 998)
    assert os.readlink(folder / "bin/link") == "tool"
    assert os.getxattr(folder / "bin", OPAQUE_ATTRIBUTE) == b"y"
    removed = (folder / "removed").lstat()
    assert (stat.S_IFMT(removed.st_mode), removed.st_rdev) == (stat.S_IFCHR, 0)
    assert sorted(path.name for path in folder.rglob("*")) == ["bin", "link", "removed", "tool"]


def test_blobs_of_an_earlier_build_go_and_those_of_an_image_stay(store: Store) -> None:
    base = build(store, "base", {"etc/name": "base"})
    build(store, "shell", {"etc/name": "shell"}, on=base)
    earlier = blobs(store)
    build(store, "shell", {"etc/name": "another shell"}, on=base)
    (store.blobs / "partial-1").write_text("of a build that was killed")
    store.tidy()

    manifest = served(store)
    named = {entry["digest"] for entry in (manifest["config"], *manifest["layers"])}
    digest = (store.place / "registry/tags/tools/shell/1").read_text()
    assert blobs(store) == named | {digest}
    assert len(earlier - blobs(store)) == 5  # the manifests and configurations of both, and a layer
    assert served(store)["layers"][0]["digest"] == base.layers[0].digest


def test_the_tag_of_another_release_goes_and_mounted_folders_stay(store: Store) -> None:
    base = build(store, "base", {"etc/name": "base"})
    image = build(store, "shell", {"etc/name": "shell"}, on=base)
    earlier = store.tags / "tools/shell/0"
    earlier.write_text((store.tags / "tools/shell/1").read_text())
    store.tidy(["base"])
    assert not earlier.exists()
    assert [path.name for path in store.layers.iterdir()] == ["base"]
    assert content(store, image.layers[-1].digest)
