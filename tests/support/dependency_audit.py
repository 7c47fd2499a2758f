"""Known flaws in the programs that tests run, and in the pinned packages: `make audit`.

pip-audit asks PyPI's advisory service about Python's pins. Go programs are compared, as built, with
Go's vulnerability database, which is a Go module. A source without an answer is a failure.

A flaw is a failure if one of our pins can fix it: that of the program, or of the Go that built it.
A flaw in a program's own dependency is only shown, because its next release has to fix it; so is one of
Python's pins where a release bounds them all and has no next one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
LIVE = Path(os.environ.get("PLATFORMC_LIVE", Path.home() / ".cache" / "platformc-live"))
DATABASE = TOOLS / "vulndb"
GO_RELEASE = {"stdlib", "toolchain"}
BOUND = "seldon-server.txt"  # Seldon Core 1.17.1 is the last release under a free licence
Flaw = tuple[str, str, str, str]  # its number, module, version, and the version that mends it


def main() -> int:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    print(f"Python: {len(locks)} locks, at PyPI's advisory service", flush=True)
    failed = _flawed(lock for lock in locks if lock.name != BOUND)
    if failed:
        print("Python: the service found something, or gave no answer; either is a failure")
    print(f"Python: flaws of {BOUND}, which no pin mends", flush=True)
    _flawed([ROOT / "requirements" / BOUND])
    release = (DATABASE / "release").read_text().strip()
    programs = sorted(
        actual for folder in (TOOLS / "bin", LIVE / "bin") for actual in built(folder)
    )
    print(f"Go: {len(programs)} programs, by {release}")
    mendable = [_print_flaws(program) for program in programs]
    assert programs
    return int(failed or any(mendable))


def _flawed(locks: Iterable[Path]) -> bool:
    """Print the known flaws of Python's pins; whether there are some, or no answer."""
    words = [word for lock in locks for word in ("--requirement", str(lock))]
    program = Path(sys.executable).with_name("pip-audit")
    options = ("--strict", "--disable-pip", "--progress-spinner=off")
    return bool(subprocess.run([program, *options, *words]).returncode)


def built(folder: Path) -> Iterator[Path]:
    """The programs of a folder that Go built."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_file() and path.name[0] != "." and path.open("rb").read(4) == b"\x7fELF":
            yield path


def _print_flaws(program: Path) -> bool:
    """Print the known flaws of a program; whether a pin of ours mends some of it."""
    flaws = set(reachable(program))
    main_module = _module(program)
    mendable_flaws = sorted(
        flaw for flaw in flaws if flaw[3] and flaw[1] in {main_module, *GO_RELEASE}
    )
    print(
        f"  {program.name}: {len(flaws)} reachable, {len(mendable_flaws)} to be mended by a newer pin"
    )
    newest: dict[tuple[str, str], str] = {}
    for _, module, version, mended in mendable_flaws:
        newest[module, version] = max(newest.get((module, version), ""), mended, key=_parts)
    for (module, version), mended in sorted(newest.items()):
        print(f"    {module} {version}: {mended}")
    unmended = Counter(module for _, module, *_ in flaws.difference(mendable_flaws))
    if unmended:
        print(
            f"    of dependencies: {', '.join(f'{n} {name}' for name, n in unmended.most_common())}"
        )
    return bool(mendable_flaws)


def _parts(version: str) -> list[int]:
    return [int(part) if part.isdigit() else 0 for part in version.strip("v").split(".")[:3]]


def _module(program: Path) -> str:
    process = subprocess.run(
        ["go", "version", "-m", program], capture_output=True, text=True, check=True
    )
    return next(
        (
            words[1]
            for line in process.stdout.splitlines()
            if (words := line.split())[:1] == ["mod"]
        ),
        "",
    )


def reachable(program: Path) -> Iterator[Flaw]:
    """Flaws with code in the program, by govulncheck."""
    process = subprocess.run(
        [TOOLS / "bin/govulncheck", "-mode=binary", "-format=json", f"-db=file://{DATABASE}", program],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    actual: dict[tuple[str, str], Any] = {}
    for message in _messages(process.stdout):
        finding = message.get("finding")
        if finding and "function" in finding["trace"][0]:
            actual[finding["osv"], finding["trace"][0]["module"]] = finding
    for (number, _), finding in sorted(actual.items()):
        where = finding["trace"][0]
        yield number, where["module"], where["version"], finding.get("fixed_version", "")


def _messages(text: str) -> Iterator[dict[str, Any]]:
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        message, at = decoder.raw_decode(text, at)
        yield message


if __name__ == "__main__":
    sys.exit(main())
