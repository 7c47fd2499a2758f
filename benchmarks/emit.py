"""The project's YAML writer against libyaml's emitter: the same documents, CPU seconds of each.

python -m benchmarks.emit
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml as pyyaml

from compiler import pipeline
from compiler.emit.manifests import manifests
from compiler.kube import yaml


def main() -> None:
    path = Path(__file__).parent.parent / "platform.yaml"
    result = pipeline.compile(path.read_bytes(), "platform.yaml")
    documents = [
        manifest for name in result.environments for manifest in manifests(result.lowered[name])
    ]
    writers: dict[str, Callable[[Any], object]] = {
        "compiler.kube.yaml": yaml.dump,
        "yaml.CSafeDumper": lambda document: pyyaml.dump(document, Dumper=pyyaml.CSafeDumper),
    }
    print(f"{len(documents)} objects")
    for name, write in writers.items():
        start = time.process_time()
        for _ in range(10):
            for document in documents:
                write(document)
        print(f"{name}: {(time.process_time() - start) / 10 * 1000:.1f} ms")


if __name__ == "__main__":
    main()
