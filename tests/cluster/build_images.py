"""Builds container images without a container engine, from a small part of Dockerfile's language.

    python -m cluster.build_images [NAME...]     folders of images/; without one, all of them

The first line of a Dockerfile says the image's names: `# image: NAME:TAG [NAME:TAG...]`. FROM is
`scratch`, `debian` (12), `debian-trixie` (13) or an image that was built before; RUN, COPY, ENV, USER,
WORKDIR, ENTRYPOINT and CMD mean the same as to Docker. A Dockerfile makes one layer. RUN is a chroot on
an overlay in its own mount namespace, with the network and the certificates of this machine. COPY
takes its sources from the folder, the cache of programs, or the checkout. An image whose Dockerfile,
sources and parent have not changed is not built again. Runs as root.

The registry of the node serves the result, `registry/blobs/sha256/HEX` and `registry/tags/NAME/TAG`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
LIVE = Path(os.environ.get("PLATFORMC_LIVE", Path.home() / ".cache" / "platformc-live"))
CACHE = LIVE / "node"
REGISTRY, LAYERS, DOWNLOADS = CACHE / "registry", CACHE / "layers", CACHE / "downloads"
SUITES = {"debian": "bookworm", "debian-trixie": "trixie"}
SEARCH_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Kept between builds, by where a RUN sees it.
KEPT = {
    "apt": "/var/cache/apt/archives",
    "lists": "/var/lib/apt/lists",
    "pip": "/root/.cache/pip",
}
LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass
class Image:
    """A built image: its layers from the bottom, its configuration, and its sources."""

    key: str
    identity: str
    layers: list[dict[str, Any]] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)

    @property
    def folders(self) -> list[str]:
        return [str(LAYERS / layer["key"]) for layer in self.layers]

    def save(self) -> None:
        (LAYERS / f"{self.key}.json").write_text(json.dumps(asdict(self)))


def built() -> dict[str, Image]:
    """The images that are there, by their names and by their folders'."""
    images = [Image(**json.loads(path.read_text())) for path in LAYERS.glob("*.json")]
    return {name: image for image in images for name in (image.key, *image.tags)}


def build(name: str) -> None:
    """Build the image of one folder, after those that it stands on."""
    folder = HERE / "images" / name
    text = (folder / "Dockerfile").read_text()
    tags = text.splitlines()[0].removeprefix("# image:").split()
    steps = list(instructions(text))
    parent = _parent(next(rest for word, rest in steps if word == "FROM"))
    identity = _identity(text, folder, steps, parent)
    before = built().get(name)
    if before and (before.identity, before.tags) == (identity, tags):
        return
    start, tree = time.monotonic(), LAYERS / name
    shutil.rmtree(tree, ignore_errors=True)
    (LAYERS / f"{name}.json").unlink(missing_ok=True)
    tree.mkdir(parents=True)
    image = Image(name, identity, list(parent.layers), json.loads(json.dumps(parent.config)), tags)
    for word, rest in steps:
        _execute(image, folder, tree, word, rest)
    _clean(tree)
    _store(image, tree)
    print(f"{' '.join(tags)}: {time.monotonic() - start:.0f} s", flush=True)


def instructions(text: str) -> Iterator[tuple[str, str]]:
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            word, _, rest = line.strip().partition(" ")
            yield word, rest.strip()


def _parent(name: str) -> Image:
    if name == "scratch":
        return Image("", "", config={"Env": [SEARCH_PATH]})
    if name in SUITES:
        _debian(name)
    if name not in built():
        for path in sorted(HERE.glob("images/*/Dockerfile")):
            if name in path.read_text().splitlines()[0].split():
                build(path.parent.name)
    return built()[name]


def _debian(name: str) -> None:
    """The smallest installation that has apt."""
    tree = LAYERS / name
    if (LAYERS / f"{name}.json").exists():
        return
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    left_out = [
        f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale")
    ]
    command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--format=directory",
               "--include=ca-certificates,tzdata", *left_out, SUITES[name], str(tree)]  # fmt: skip
    subprocess.run(command, check=True)
    (tree / "etc/resolv.conf").write_text("")
    _store(Image(name, name, config={"Env": [SEARCH_PATH], "Cmd": ["bash"]}), tree)


def _identity(text: str, folder: Path, steps: list[tuple[str, str]], parent: Image) -> str:
    """A digest of all that the image is made of."""
    digest = hashlib.sha256(f"{text}{parent.identity}".encode())
    for word, rest in steps:
        for name in rest.split()[:-1] if word == "COPY" else ():
            source = _source(folder, name)
            files = sorted(source.rglob("*")) if source.is_dir() else [source]
            for file in files:
                if file.is_file():
                    digest.update(file.read_bytes())
    return digest.hexdigest()


def _source(folder: Path, name: str) -> Path:
    for root in (folder, LIVE, CHECKOUT):
        if (root / name).exists():
            return root / name
    raise SystemExit(f"images: {folder.name}: no {name} in its folder, in {LIVE} or in {CHECKOUT}")


def _execute(image: Image, folder: Path, tree: Path, word: str, rest: str) -> None:
    """One instruction."""
    variables = dict(variable.split("=", 1) for variable in image.config.get("Env", ()))
    if word == "RUN":
        _run(image.folders, tree, rest, variables)
    elif word == "COPY":
        *names, target = rest.split()
        for name in names:
            _copy(_source(folder, name), tree, target)
    elif word == "ENV":
        variables |= dict(part.split("=", 1) for part in shlex.split(rest))
        image.config["Env"] = [f"{name}={value}" for name, value in variables.items()]
    elif word == "ENTRYPOINT":
        image.config["Entrypoint"] = json.loads(rest)
        image.config.pop("Cmd", None)
    elif word == "CMD":
        image.config["Cmd"] = json.loads(rest)
    elif word in ("USER", "WORKDIR"):
        image.config[{"USER": "User", "WORKDIR": "WorkingDir"}[word]] = rest
    elif word != "FROM":
        raise SystemExit(f"images: {image.key}: {word} is not of the language that is read here")


def _copy(source: Path, tree: Path, target: str) -> None:
    to = tree / target.lstrip("/")
    if target.endswith("/") and source.is_file():
        to = to / source.name
    to.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, to, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(source, to)


def _run(lower: list[str], upper: Path, command: str, variables: dict[str, str]) -> None:
    """One RUN, in a mount namespace that ends with it."""
    binds = {name: name for name in ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt")}
    for name, inside in KEPT.items():
        (DOWNLOADS / name).mkdir(parents=True, exist_ok=True)
        binds[str(DOWNLOADS / name)] = inside
    (DOWNLOADS / "apt/partial").mkdir(exist_ok=True)
    links = os.environ.get("PIP_FIND_LINKS", "")
    if links.startswith("/") and os.path.isdir(links):
        binds[links] = links
    passed = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("PIP_") or name.lower().endswith("_proxy")
    }
    passed |= {**variables, "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        root = f"{folder}/root"
        for name in ("root", "work"):
            os.mkdir(f"{folder}/{name}")
        script = [
            f"mount -t overlay overlay -o lowerdir={':'.join(reversed(lower))},"
            f"upperdir={upper},workdir={folder}/work {root}",
            f"mount -t proc proc {root}/proc",
            f"mount --rbind /dev {root}/dev",
        ]
        for outside, inside in binds.items():
            make = "mkdir -p" if os.path.isdir(outside) else "touch"
            script.append(f"[ -e {root}{inside} ] || {make} {root}{inside}")
            script.append(f"mount --bind {outside} {root}{inside}")
        words = " ".join(shlex.quote(f"{name}={value}") for name, value in passed.items())
        script.append(
            f"exec chroot {root} env -i {words} bash -eu -o pipefail -c {shlex.quote(command)}"
        )
        enter = ["unshare", "--mount", "--propagation", "private", "bash", "-euc"]
        process = subprocess.run(
            [*enter, "\n".join(script)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    if process.returncode:
        raise SystemExit(f"{process.stdout[-3000:]}\nimages: failed: {command}")


def _clean(tree: Path) -> None:
    """Files that a build leaves in folders that a container has for itself."""
    for folder in ("run", "tmp", "var/tmp"):
        for path in (tree / folder).glob("*"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _store(image: Image, tree: Path) -> None:
    """Write a layer, its configuration and its manifest, and remember how to build on it."""
    if any(tree.iterdir()):
        image.layers = [*image.layers, {"key": image.key, **_layer(tree)}]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": image.config,
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in image.layers]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **_blob(config)},
        "layers": [
            {"mediaType": LAYER, "digest": layer["digest"], "size": layer["size"]}
            for layer in image.layers
        ],
    }
    digest = _blob(manifest)["digest"]
    for tag in image.tags:
        name, _, version = tag.rpartition(":")
        file = REGISTRY / "tags" / name.partition("/")[2] / version
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(digest))
    image.save()


def _blob(content: dict[str, Any]) -> dict[str, Any]:
    data = json.dumps(content).encode()
    digest = hashlib.sha256(data).hexdigest()
    (REGISTRY / "blobs/sha256" / digest).write_bytes(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def _layer(tree: Path) -> dict[str, Any]:
    """The layer of a folder; removals of overlayfs become OCI's whiteouts."""
    partial = REGISTRY / f"blobs/partial-{os.getpid()}"
    with tarfile.open(partial, "w", format=tarfile.PAX_FORMAT) as tar:
        for top, folders, files in os.walk(tree):
            folders.sort()
            _add(tar, tree, Path(top), sorted([*folders, *files]))
    with partial.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = partial.stat().st_size
    partial.rename(REGISTRY / "blobs/sha256" / digest)
    return {"digest": f"sha256:{digest}", "size": size}


def _add(tar: tarfile.TarFile, tree: Path, top: Path, names: list[str]) -> None:
    inside = top.relative_to(tree)
    if "trusted.overlay.opaque" in os.listxattr(top):
        tar.addfile(tarfile.TarInfo(str(inside / ".wh..wh..opq")))
    for name in names:
        mode = (top / name).lstat()
        if stat.S_ISCHR(mode.st_mode) and mode.st_rdev == 0:
            tar.addfile(tarfile.TarInfo(str(inside / f".wh.{name}")))
        elif not stat.S_ISSOCK(mode.st_mode):
            tar.add(top / name, str(inside / name), recursive=False)


def main(names: list[str]) -> None:
    for folder in (REGISTRY / "blobs/sha256", LAYERS, DOWNLOADS):
        folder.mkdir(parents=True, exist_ok=True)
    for name in names or sorted(path.parent.name for path in HERE.glob("images/*/Dockerfile")):
        build(name)


if __name__ == "__main__":
    main(sys.argv[1:])
