"""A generated platform in its own folder: compiled by platformc, and its peers next to it."""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from benchmarks import peers
from benchmarks.chart import chart
from benchmarks.measure import Task
from benchmarks.platforms import Spec, text
from benchmarks.variants import Manifest
from compiler import pipeline
from compiler.emit.manifests import manifests

CHECKOUT = Path(sys.executable).with_name("platformc")
_OUTPUTS = ("base", "overlays", "out", "prerequisites", ".platformc", "platformc.sum")


class Workplace:
    """One spec, and the tasks that make its objects."""

    def __init__(self, spec: Spec, folder: Path, platformc: Path = CHECKOUT) -> None:
        self.spec, self.folder, self.platformc = spec, folder, platformc
        folder.mkdir(parents=True)
        self.file = folder / "platform.yaml"
        self.file.write_text(text(spec))
        self._changes = itertools.count()

    @cached_property
    def objects(self) -> dict[str, list[Manifest]]:
        """The objects of platformc, by environment."""
        result = pipeline.compile(self.file.read_bytes(), "platform.yaml")
        if result.report.failed:
            raise SystemExit("\n".join(item.message for item in result.report.sorted()))
        return {name: manifests(result.lowered[name]) for name in result.environments}

    @property
    def count(self) -> int:
        return sum(map(len, self.objects.values()))

    def cold(self, command: Sequence[str] = ()) -> Task:
        """A compile where nothing is there yet, by this version or by another command."""
        return Task(command or self.command, self.folder, self._clean)

    def unchanged(self) -> Task:
        return Task(self.command, self.folder)

    def one_model_changed(self) -> Task:
        return Task(self.command, self.folder, self._change)

    @property
    def command(self) -> list[str]:
        return [str(self.platformc), "compile"]

    def _clean(self) -> None:
        # Put aside, not removed: ext4 looks long for a place for a file just after many were deleted.
        aside = Path(tempfile.mkdtemp(dir=self.folder))
        for name in _OUTPUTS:
            if (self.folder / name).exists():
                (self.folder / name).rename(aside / name)

    def _change(self) -> None:
        models = self.spec["spec"]["models"]
        name, model = next(iter(models.items()))
        changed = {**model, "uri": f"s3://models/changed/{next(self._changes)}"}
        inner = {**self.spec["spec"], "models": {**models, name: changed}}
        self.file.write_text(text({**self.spec, "spec": inner}))

    def peers(self) -> dict[str, Task]:
        """The peers' tasks, each run once and found to print the objects of platformc."""
        folder = self.folder / "peers"
        models = self.spec["spec"].get("models", {})
        commands = peers.prepared(chart(self.spec), self.objects, models, folder)
        tasks = {name: Task(command, folder / name) for name, command in commands.items()}
        for task in tasks.values():
            task.run()
            self._compare(task.folder)
        return tasks

    def _compare(self, folder: Path) -> None:
        """The work is the same only where the objects are."""
        for environment, manifest in self.objects.items():
            wrong = peers.differences(manifest, (folder / f"{environment}.out").read_text())
            if wrong:
                raise SystemExit(
                    f"{folder.name}, {environment}: {len(wrong)} objects differ: {wrong[:3]}"
                )

    def roots(self) -> list[Path]:
        """Every kustomization that is applied alone."""
        paths: list[Path] = []
        for folder in sorted((self.folder / "overlays").iterdir()):
            listed = folder / "ROOTS"
            lines = listed.read_text().split() if listed.is_file() else [f"overlays/{folder.name}"]
            paths += [self.folder / line for line in lines]
        return paths
