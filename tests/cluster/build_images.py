"""Builds container images without a container engine, from a small part of Dockerfile's language.

    python -m cluster.build_images [NAME...]     folders of images/; without one, all of them

The first line of a Dockerfile says the image's names: `# image: NAME:TAG [NAME:TAG...]`. FROM is
`scratch`, `debian` (12), `debian-trixie` (13) or an image that was built before; RUN, COPY, ENV, USER,
WORKDIR, ENTRYPOINT and CMD mean the same as to Docker. A Dockerfile makes one layer. RUN is a chroot on
an overlay in its own mount namespace, with the network and the certificates of this machine. COPY
takes its sources from the folder, the cache of programs, or the checkout. An image is built
again if its Dockerfile, its sources or its parent changed. Runs as root.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cluster.image_store import Image, Store
from cluster.paths import CACHE, CHECKOUT, HERE, LIVE

STORE = Store(CACHE)
DOWNLOADS = CACHE / "downloads"
NODE = "node"  # the image with the root of the node, which mounts its layers' folders
SUITES = {"debian": "bookworm", "debian-trixie": "trixie"}
SEARCH_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Kept between builds, by where a RUN sees it.
CACHED_FOLDERS = {
    "apt": "/var/cache/apt/archives",
    "lists": "/var/lib/apt/lists",
    "pip": "/root/.cache/pip",
}


def build(name: str) -> None:
    """Build the image of one folder, after those that it stands on."""
    folder = HERE / "images" / name
    text = (folder / "Dockerfile").read_text()
    tags = text.splitlines()[0].removeprefix("# image:").split()
    steps = list(instructions(text))
    parent = _parent(next(rest for word, rest in steps if word == "FROM"))
    identity = _identity(text, folder, steps, parent)
    before = STORE.built().get(name)
    if before and (before.identity, before.tags) == (identity, tags):
        return
    start, tree = time.monotonic(), STORE.begin(name)
    image = Image(name, identity, list(parent.layers), json.loads(json.dumps(parent.config)), tags)
    for word, rest in steps:
        _execute(image, folder, tree, word, rest)
    _clean(tree)
    STORE.add(image)
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
    for path in sorted(HERE.glob("images/*/Dockerfile")):
        if name in path.read_text().splitlines()[0].split():
            build(path.parent.name)
    return STORE.built()[name]


def _debian(name: str) -> None:
    """The smallest installation that has apt."""
    if name in STORE.built():
        return
    tree = STORE.begin(name)
    left_out = [
        f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale")
    ]
    command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--format=directory",
               "--include=ca-certificates,tzdata", *left_out, SUITES[name], str(tree)]  # fmt: skip
    subprocess.run(command, check=True)
    (tree / "etc/resolv.conf").write_text("")
    STORE.add(Image(name, name, config={"Env": [SEARCH_PATH], "Cmd": ["bash"]}))


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
        below = [str(STORE.folder(layer)) for layer in image.layers]
        _run(below, tree, rest, variables)
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
    for name, inside in CACHED_FOLDERS.items():
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


def main(names: list[str]) -> None:
    for name in names or sorted(path.parent.name for path in HERE.glob("images/*/Dockerfile")):
        build(name)
        _tidy()


def _tidy() -> None:
    """Leave the folders of the node's root, which are there from then on."""
    node = STORE.built().get(NODE)
    layers = node.layers if node else ()
    STORE.tidy([STORE.folder(layer).name for layer in layers])


if __name__ == "__main__":
    main(sys.argv[1:])
