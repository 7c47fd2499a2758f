"""Measures platformc and its peers on generated platforms and prints a table in Markdown.

python -m benchmarks.run                       3, 100 and 1,000 models, 3 environments
python -m benchmarks.run --models 1000 5000 --helm /path/to/helm
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import peers
from benchmarks.measure import Figures, measure
from benchmarks.platforms import platform, text
from compiler import pipeline
from compiler.pipeline import Compilation

Rows = dict[str, Figures]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--models", type=int, nargs="+", default=[3, 100, 1000])
    options.add_argument("--environments", type=int, default=3)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--helm", default=shutil.which("helm"))
    asked = options.parse_args()
    table: dict[int, Rows] = {}
    for models in asked.models:
        with tempfile.TemporaryDirectory() as folder:
            table[models] = _measured(models, asked, Path(folder))
        _print(models, table[models])
    if len(table) > 1:
        _exponents(table)


def _measured(models: int, asked: argparse.Namespace, folder: Path) -> Rows:
    spec = platform(models, asked.environments)
    (folder / "platform.yaml").write_text(text(spec))
    result = pipeline.compile((folder / "platform.yaml").read_bytes(), "platform.yaml")
    if result.report.failed:
        raise SystemExit("\n".join(one.message for one in result.report.sorted()))
    command = [sys.executable, "-m", "compiler", "compile", "-f", str(folder / "platform.yaml")]
    root = Path(__file__).parent.parent
    outputs = [folder / name for name in ("base", "overlays", "out", ".platformc", "platformc.sum")]

    def clean() -> None:
        for path in outputs:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    rows: Rows = {}
    rows["platformc, cold"] = measure(command, root, asked.runs, clean)
    rows["platformc, nothing changed"] = measure(command, root, asked.runs)
    changes = iter(range(1_000_000))

    def change() -> None:
        first = next(iter(spec["spec"]["models"]))
        spec["spec"]["models"][first]["uri"] = f"s3://models/changed/{next(changes)}"
        (folder / "platform.yaml").write_text(text(spec))

    if models:
        rows["platformc, one model changed"] = measure(command, root, asked.runs, change)
    rows |= _peers(result, platform(models, asked.environments), asked, folder)
    return rows


def _peers(
    result: Compilation, spec: dict[str, object], asked: argparse.Namespace, folder: Path
) -> Rows:
    rows: Rows = {}
    jinja = folder / "jinja"
    command = peers.write_jinja(result, spec, jinja)
    rows["Jinja2 and libyaml"] = measure(command, jinja, asked.runs)
    _same(result, jinja, "yaml")
    if asked.helm:
        helm = folder / "helm"
        command = peers.write_helm(result, spec, helm, asked.helm)
        rows["helm template"] = measure(command, helm, asked.runs)
        _same(result, helm, "out")
    return rows


def _same(result: Compilation, folder: Path, suffix: str) -> None:
    """The work is the same only where the objects are."""
    for environment in result.environments:
        printed = (folder / f"{environment}.{suffix}").read_text()
        wrong = peers.differences(result, environment, printed)
        if wrong:
            raise SystemExit(f"{folder.name} differs in {len(wrong)} objects: {wrong[:3]}")


def _print(models: int, rows: Rows) -> None:
    ours = rows["platformc, cold"]
    print(f"\n{models} models\n\n| | wall s | CPU s | peak MiB | platformc, cold / this |")
    print("|---|---|---|---|---|")
    for name, row in rows.items():
        ratio = ours.wall / row.wall
        print(f"| {name} | {row.wall:.3f} | {row.cpu:.3f} | {row.memory:.0f} | {ratio:.2f} |")
    sys.stdout.flush()


def _exponents(table: dict[int, Rows]) -> None:
    """How CPU time grows between the two largest sizes: 1 is linear."""
    small, large = sorted(table)[-2:]
    print(f"\ngrowth exponents, {small} to {large} models\n")
    for name in table[large]:
        if name in table[small] and small:
            growth = math.log(table[large][name].cpu / table[small][name].cpu)
            print(f"- {name}: {growth / math.log(large / small):.2f}")


if __name__ == "__main__":
    main()
