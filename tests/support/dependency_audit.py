"""What is known against the programs that tests run and against the pins: `make audit`.

Python's pins are asked about at PyPI's advisory service, by pip-audit. Go programs are compared, as
they were built, with Go's own vulnerability database, which is a Go module and comes as others do. A
source that gives no answer is a failure, not a pass.

A flaw fails where a pin of ours can mend it: one of the program itself, or of the Go that built it. One of
a program's own dependencies is shown: its next release has to bring the cure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
LIVE = Path(os.environ.get("PLATFORMC_LIVE", Path.home() / ".cache" / "platformc-live"))
DATABASE = TOOLS / "vulndb"
OURS = {"stdlib", "toolchain"}
Flaw = tuple[str, str, str, str]  # its number, module, version, and the version that mends it


def main() -> int:
    locks = sorted(str(one) for one in (ROOT / "requirements").glob("*.txt"))
    print(f"Python: {len(locks)} locks, at PyPI's advisory service", flush=True)
    asked = subprocess.run(
        [Path(sys.executable).with_name("pip-audit"), "--strict", "--disable-pip", "--progress-spinner=off",
         *(word for lock in locks for word in ("--requirement", lock))],
    )  # fmt: skip
    if asked.returncode:
        print("Python: the service found something, or gave no answer; either is a failure")
    release = (DATABASE / "release").read_text().strip()
    programs = sorted(found for folder in (TOOLS / "bin", LIVE / "bin") for found in built(folder))
    print(f"Go: {len(programs)} programs, by {release}")
    mendable = [_told(program) for program in programs]
    assert programs
    return int(bool(asked.returncode or any(mendable)))


def built(folder: Path) -> Iterator[Path]:
    """The programs of a folder that Go built."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_file() and path.name[0] != "." and path.open("rb").read(4) == b"\x7fELF":
            yield path


def _told(program: Path) -> bool:
    """Print what is known against a program; whether a pin of ours mends some of it."""
    flaws = set(reachable(program))
    own = _module(program)
    ours = sorted(one for one in flaws if one[3] and one[1] in {own, *OURS})
    print(f"  {program.name}: {len(flaws)} reachable, {len(ours)} to be mended by a newer pin")
    newest: dict[tuple[str, str], str] = {}
    for _, module, version, mended in ours:
        newest[module, version] = max(newest.get((module, version), ""), mended, key=_parts)
    for (module, version), mended in sorted(newest.items()):
        print(f"    {module} {version}: {mended}")
    theirs = Counter(module for _, module, *_ in flaws.difference(ours))
    if theirs:
        print(
            f"    of dependencies: {', '.join(f'{n} {name}' for name, n in theirs.most_common())}"
        )
    return bool(ours)


def _parts(version: str) -> list[int]:
    return [int(part) if part.isdigit() else 0 for part in version.strip("v").split(".")[:3]]


def _module(program: Path) -> str:
    told = subprocess.run(
        ["go", "version", "-m", program], capture_output=True, text=True, check=True
    )
    return next(
        (words[1] for line in told.stdout.splitlines() if (words := line.split())[:1] == ["mod"]),
        "",
    )


def reachable(program: Path) -> Iterator[Flaw]:
    """Flaws whose code is in the program, by govulncheck."""
    done = subprocess.run(
        [TOOLS / "bin/govulncheck", "-mode=binary", "-format=json", f"-db=file://{DATABASE}", program],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[tuple[str, str], Any] = {}
    for message in _messages(done.stdout):
        finding = message.get("finding")
        if finding and "function" in finding["trace"][0]:
            found[finding["osv"], finding["trace"][0]["module"]] = finding
    for (number, _), finding in sorted(found.items()):
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
