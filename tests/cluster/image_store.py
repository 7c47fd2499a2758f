"""Built images, in the folder that the node's registry serves:

registry/blobs/sha256/HEX     layers, compressed by zstd, configurations and manifests
registry/tags/NAME/TAG        the digest of a manifest
images/KEY.json               how to build on an image
layers/KEY                    the files of a layer as overlayfs mounts them, while they are needed
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MEDIA = "application/vnd.oci.image"
OPAQUE = ".wh..wh..opq"  # OCI's mark of a folder that hides the one below, next to its `.wh.NAME` for a removal
OPAQUE_ATTRIBUTE = "trusted.overlay.opaque"  # the mark of overlayfs, whose removals are devices 0/0


@dataclass(frozen=True)
class Layer:
    """`digest` and `size` are those of the compressed archive, `archive` is the digest of the archive itself."""

    key: str
    archive: str
    digest: str
    size: int


@dataclass
class Image:
    """Layers from the bottom, the configuration, and a digest of the sources (`identity`)."""

    key: str
    identity: str
    layers: list[Layer] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Image:
        record = json.loads(path.read_text())
        return cls(**{**record, "layers": [Layer(**layer) for layer in record["layers"]]})


class Store:
    """The images below one folder."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.images, self.layers = place / "images", place / "layers"
        self.blobs, self.tags = place / "registry/blobs/sha256", place / "registry/tags"
        for folder in (self.images, self.layers, self.blobs, self.tags):
            folder.mkdir(parents=True, exist_ok=True)

    def built(self) -> dict[str, Image]:
        """The images by their keys and by their names."""
        images = [Image.read(path) for path in self.images.glob("*.json")]
        return {name: image for image in images for name in (image.key, *image.tags)}

    def begin(self, key: str) -> Path:
        """An empty folder for the files of a layer, in place of an earlier build."""
        (self.images / f"{key}.json").unlink(missing_ok=True)
        folder = self.layers / key
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def add(self, image: Image) -> None:
        """Keep an image: the layers that it stands on, and the files in the folder of its key."""
        folder = self.layers / image.key
        if any(folder.iterdir()):
            image.layers = [*image.layers, self._layer(image.key, folder)]
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": image.config,
            "rootfs": {"type": "layers", "diff_ids": [layer.archive for layer in image.layers]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{MEDIA}.manifest.v1+json",
            "config": {"mediaType": f"{MEDIA}.config.v1+json", **self._blob(config)},
            "layers": [
                {"mediaType": f"{MEDIA}.layer.v1.tar+zstd", "digest": layer.digest, "size": layer.size}
                for layer in image.layers
            ],
        }  # fmt: skip
        digest = self._blob(manifest)["digest"]
        for tag in image.tags:
            file = self._tag(tag)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(str(digest))
        (self.images / f"{image.key}.json").write_text(json.dumps(asdict(image)))

    def folder(self, layer: Layer) -> Path:
        """The files of a layer; they are unpacked again where they were tidied away."""
        folder = self.layers / layer.key
        if not folder.exists():
            partial = self.layers / f"partial-{os.getpid()}"
            partial.mkdir()
            command = ["tar", "--zstd", "-x", "-f", str(self._path(layer.digest))]
            subprocess.run(command, cwd=partial, check=True)
            for path in sorted(partial.rglob(".wh.*")):
                _mark_for_overlayfs(path)
            partial.rename(folder)
        return folder

    def tidy(self, mounted: Collection[str] = ()) -> None:
        """Remove tags and blobs of no image, and the folders of layers but for those with the keys `mounted`."""
        images = self.built().values()
        tags = {self._tag(tag) for image in images for tag in image.tags}
        for path in [path for path in self.tags.rglob("*") if path.is_file()]:
            if path not in tags:
                path.unlink()
        referenced = {self._path(layer.digest) for image in images for layer in image.layers}
        referenced |= {blob for tag in tags for blob in self._blobs(tag.read_text())}
        for path in self.blobs.iterdir():
            if path not in referenced:
                path.unlink()
        for path in self.layers.iterdir():
            if path.name not in mounted:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _blobs(self, digest: str) -> Iterator[Path]:
        """A manifest and all that it names."""
        manifest = json.loads(self._path(digest).read_text())
        yield self._path(digest)
        for entry in (manifest["config"], *manifest["layers"]):
            yield self._path(entry["digest"])

    def _path(self, digest: str) -> Path:
        return self.blobs / digest.removeprefix("sha256:")

    def _tag(self, name: str) -> Path:
        """The file of a tag. The registry answers for every host, so that its folders have none."""
        repository, _, version = name.rpartition(":")
        return self.tags / repository.partition("/")[2] / version

    def _blob(self, content: dict[str, Any]) -> dict[str, Any]:
        data = json.dumps(content).encode()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self._path(digest).write_bytes(data)
        return {"digest": digest, "size": len(data)}

    def _layer(self, key: str, folder: Path) -> Layer:
        partial = self.blobs / f"partial-{os.getpid()}"
        _pack(folder, partial)
        archive = _digest(partial)
        compressed = partial.with_suffix(".zst")
        subprocess.run(["zstd", "-q", "-T0", "-f", "--rm", partial, "-o", compressed], check=True)
        layer = Layer(key, archive, _digest(compressed), compressed.stat().st_size)
        compressed.rename(self._path(layer.digest))
        return layer


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _pack(folder: Path, target: Path) -> None:
    """The archive of a layer."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        for top, folders, files in os.walk(folder):
            folders.sort()
            _add(archive, Path(top), folder, sorted([*folders, *files]))


def _add(archive: tarfile.TarFile, top: Path, folder: Path, names: list[str]) -> None:
    """One folder's files; removals of overlayfs become OCI's."""
    inside = top.relative_to(folder)
    if OPAQUE_ATTRIBUTE in os.listxattr(top):
        archive.addfile(tarfile.TarInfo(str(inside / OPAQUE)))
    for name in names:
        status = (top / name).lstat()
        if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
            archive.addfile(tarfile.TarInfo(str(inside / f".wh.{name}")))
        elif not stat.S_ISSOCK(status.st_mode):
            archive.add(top / name, str(inside / name), recursive=False)


def _mark_for_overlayfs(path: Path) -> None:
    """Removals of OCI become those of overlayfs."""
    path.unlink()
    if path.name == OPAQUE:
        os.setxattr(path.parent, OPAQUE_ATTRIBUTE, b"y")
    else:
        os.mknod(path.with_name(path.name.removeprefix(".wh.")), stat.S_IFCHR)
