"""The measured figures, as the Markdown of docs/performance.md."""

from __future__ import annotations

import os
import platform
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.earlier import Comparison
from benchmarks.growth import Growth
from benchmarks.measure import Pairs, Runs
from benchmarks.parts import Root


@dataclass(frozen=True, slots=True)
class Case:
    """One platform: platformc against each peer."""

    name: str
    environments: int
    objects: int
    pairs: Mapping[str, Pairs]

    @property
    def platformc(self) -> Runs:
        return Runs(tuple(run for pair in self.pairs.values() for run in pair.tested.all))

    @property
    def runs(self) -> dict[str, Runs]:
        return {"platformc": self.platformc} | {
            name: pair.baseline for name, pair in self.pairs.items()
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that the document shows."""

    reference: Case
    small: Case
    middle: Case
    large: Case
    unchanged: Runs
    changed: Runs
    roots: Sequence[Root]
    checked: Sequence[tuple[str, int, Pairs]]
    growths: Sequence[Growth]
    comparisons: Sequence[Comparison]

    @property
    def cases(self) -> tuple[Case, ...]:
        """The platforms by size."""
        return (self.reference, self.small, self.middle, self.large)


def insert(text: str, file: Path, module: str) -> None:
    """Between the two marks that a document has for the output of a module."""
    begin, end = f"<!-- python -m {module} -->\n", "<!-- end -->"
    before, start, rest = file.read_text().partition(begin)
    _, ended, after = rest.partition(end)
    if not start or not ended:
        raise SystemExit(f"{file} has no place for {module}: {begin.strip()} and {end}")
    file.write_text(f"{before}{begin}{text}{end}{after}")


def markdown(measured: Measured) -> str:
    sections = [
        [f"Measured on {machine()}"],
        _targets(measured),
        _comparisons(measured.comparisons),
        *map(of_case, measured.cases),
        _incremental(measured),
        _roots(measured.roots),
        _checks(measured.checked),
        *map(_growth, measured.growths),
    ]
    return "\n".join("\n".join(lines) + "\n" for lines in sections)


def machine() -> str:
    return (
        f"{date.today():%Y-%m-%d}, {os.cpu_count()} cores ({_processor()}), "
        f"Python {platform.python_version()}, {platform.system()}; "
        f"load over the last 15 minutes {os.getloadavg()[2]:.1f}:"
    )


def _processor() -> str:
    match = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return match[1] if match else platform.machine()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"


def _targets(measured: Measured) -> Iterator[str]:
    reference, middle, large = measured.reference, measured.middle, measured.large
    growth = large.platformc.wall / middle.platformc.wall
    memory = large.platformc.memory
    worst = max(root.pairs.cpu.median for root in measured.roots)
    largest = max(root.objects for root in measured.roots)
    check = measured.checked[-1][2].cpu
    helm, jinja = middle.pairs["helm"].wall, middle.pairs["Jinja2"].wall
    wall = reference.pairs["helm"].wall
    yield "### The targets\n"
    yield from table(
        ["case", "peer in the same run", "must", "moonshot", "measured", "reached"],
        [
            [f"cold compile of {_title(reference)}", "helm template", "<= 1.0x", "<= 0.5x",
             f"{wall}x", _reached(wall.median, 1.0, 0.5)],
            [f"cold compile of {_title(middle)}", "helm template", "<= 0.5x", "", f"{helm}x",
             _reached(helm.median, 0.5)],
            ["the same", "Jinja2 and libyaml", "<= 1.2x", "<= 0.5x", f"{jinja}x",
             _reached(jinja.median, 1.2, 0.5)],
            [f"cold compile of {_title(large)}", "1,000 models", "<= 5.3x", "",
             f"{growth:.2f}x", _reached(growth, 5.3)],
            ["the same: peak memory", "", "<= 200 MiB", "<= 150 MiB", f"{memory:.0f} MiB",
             _reached(memory, 200, 150)],
            [f"nothing changed, {_title(middle)}", "none has it", "<= 0.08 s", "",
             f"{measured.unchanged.wall:.3f} s", _reached(measured.unchanged.wall, 0.08)],
            [f"one model changed, {_title(middle)}", "none has it", "<= 0.4 s", "<= 0.15 s",
             f"{measured.changed.wall:.3f} s", _reached(measured.changed.wall, 0.4, 0.15)],
            ["`kustomize build`, the worst root", "the same objects in one file", "<= 3x",
             "<= 1.5x", f"{worst:.2f}x", _reached(worst, 3, 1.5)],
            ["objects in the largest root", "", "<= 300", "", f"{largest}", _reached(largest, 300)],
            [f"schema check of {_title(middle)}", "kubeconform, CPU", "<= 0.2x", "<= 0.05x",
             f"{check}x", _reached(check.median, 0.2, 0.05)],
        ],
    )  # fmt: skip


def _comparisons(comparisons: Sequence[Comparison]) -> Iterator[str]:
    yield "### Against an earlier version, and a Python that does nothing\n"
    yield from table(
        ["case", "against", "wall s", "CPU s", "its wall s", "its CPU s", "ratio, wall", "ratio, CPU",
         "at most"],
        [
            [comparison.case, comparison.baseline,
             f"{comparison.pairs.tested.wall:.3f}", f"{comparison.pairs.tested.cpu:.3f}",
             f"{comparison.pairs.baseline.wall:.3f}", f"{comparison.pairs.baseline.cpu:.3f}",
             str(comparison.pairs.wall), str(comparison.pairs.cpu), _kept(comparison)]
            for comparison in comparisons
        ],
    )  # fmt: skip


def _kept(comparison: Comparison) -> str:
    ratios = {"wall": comparison.pairs.wall.median, "CPU": comparison.pairs.cpu.median}
    missed = [name for name, ratio in ratios.items() if ratio > comparison.most]
    return f"{comparison.most}: {'missed for ' + ', '.join(missed) if missed else 'kept'}"


def _title(case: Case) -> str:
    return f"{case.name} x {case.environments} environments ({case.objects:,} objects)"


def _reached(value: float, must: float, moonshot: float | None = None) -> str:
    if moonshot is not None and value <= moonshot:
        return "moonshot"
    return "must" if value <= must else "no"


def of_case(case: Case) -> Iterator[str]:
    yield f"### {_title(case)}\n"
    rows = [["platformc, cold", *_figures(case.platformc), "1", "1"]]
    rows += [
        [name, *_figures(pair.baseline), str(pair.wall), str(pair.cpu)]
        for name, pair in case.pairs.items()
    ]
    head = ["program", "wall s", "CPU s", "peak MiB", "runs", "platformc / this, wall", "CPU"]
    yield from table(head, rows)


def _figures(runs: Runs) -> list[str]:
    return [f"{runs.wall:.3f}", f"{runs.cpu:.3f}", f"{runs.memory:.0f}", str(len(runs.all))]


def _incremental(measured: Measured) -> Iterator[str]:
    yield f"### Again, {_title(measured.middle)}\n"
    rows = {
        "cold": measured.middle.platformc,
        "nothing changed": measured.unchanged,
        "one model changed": measured.changed,
    }
    yield from table(
        ["platformc compile", "wall s", "CPU s", "peak MiB", "runs"],
        [[name, *_figures(row)] for name, row in rows.items()],
    )


def _roots(roots: Sequence[Root]) -> Iterator[str]:
    yield "### `kustomize build` of our roots against the same objects in one file\n"
    pieces = [root for root in roots if "/models/" in root.name]
    rows = [_root(root.name, [root]) for root in roots if root not in pieces]
    if pieces:
        rows.append(_root(f"{len(pieces)} pieces of models", pieces))
    head = ["root", "objects", "CPU s", "in one file, CPU s", "ratio, CPU"]
    yield from table(head, rows)


def _root(name: str, roots: Sequence[Root]) -> list[str]:
    counts = sorted(root.objects for root in roots)
    ratios = [root.pairs.cpu.median for root in roots]
    several = len(roots) > 1
    return [
        name,
        f"{counts[0]} to {counts[-1]}" if several else str(counts[0]),
        f"{statistics.median(root.pairs.tested.cpu for root in roots):.3f}",
        f"{statistics.median(root.pairs.baseline.cpu for root in roots):.3f}",
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        if several
        else str(roots[0].pairs.cpu),
    ]


def _checks(checked: Sequence[tuple[str, int, Pairs]]) -> Iterator[str]:
    yield "### The schema check\n"
    yield from table(
        ["platform", "objects", "in process, wall s", "CPU s", "kubeconform, wall s", "CPU s",
         "ratio, CPU"],
        [
            [name, f"{count:,}", f"{item.tested.wall:.3f}", f"{item.tested.cpu:.3f}",
             f"{item.baseline.wall:.3f}", f"{item.baseline.cpu:.3f}", str(item.cpu)]
            for name, count, item in checked
        ],
    )  # fmt: skip


def _growth(growth: Growth) -> Iterator[str]:
    small, large = growth.sizes
    yield f"### Growth with {growth.dimension}: {small:,} to {large:,}\n"
    yield from table(
        ["program", f"CPU s at {small:,}", f"CPU s at {large:,}", "exponent"],
        [
            [
                name,
                f"{growth.small[name].cpu:.2f}",
                f"{growth.large[name].cpu:.2f}",
                f"{exponent:.2f}",
            ]
            for name, exponent in growth.exponents().items()
        ],
    )
