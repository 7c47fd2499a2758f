"""The files of a release of Knative Serving, from the modules' sources.

    knative_release.py SOURCE TARGET NETWORKING CACHING

Upstream makes them with `ko`, which puts images in the place of `ko://PACKAGE`. Definitions of two
other modules are links in its repository, which a module cannot hold.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

IMAGES = "gcr.io/knative-releases"
RELEASE = "v1.21.1"


def main(source: Path, target: Path, networking: Path, caching: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    core = source / "config/core"
    linked = {*networking.glob("*.yaml"), *caching.glob("*.yaml")}
    definitions = {*core.glob("300-resources/*.yaml"), *linked} - {
        networking / "config-network.yaml"
    }
    _write(target / "serving-crds.yaml", definitions)
    _write(target / "serving-core.yaml", {*core.rglob("*.yaml"), *linked})


def _write(target: Path, files: Iterable[Path]) -> None:
    texts = [path.read_text() for path in sorted(files)]
    text = "\n---\n".join(texts)
    target.write_text(re.sub(r"ko://(\S+)", rf"{IMAGES}/\1:{RELEASE}", text))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
