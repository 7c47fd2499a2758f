"""The dependencies of a checkout: pinned, each file by its hash, from no place in particular."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest
from support import bill_of_materials
from support.paths import ROOT

LOCKS = {path.stem: path for path in sorted((ROOT / "requirements").glob("*.txt"))}
PIN = re.compile(
    r"^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==(\S+)(?: ;[^\\\n]*)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
    re.M,
)
GROUPS = {"ci": ("build", "test", "lint"), "docs": ("build", "docs"), "run": ()}
SCRIPTS = ("Makefile", "tests/go.sh", "tests/tools.sh", "tests/live/provision.sh", ".ci/run")


def _wanted(lock: str) -> set[str]:
    """The sources of a lock: the groups of pyproject.toml, or the names next to it."""
    if lock in GROUPS:
        project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
        groups = [project["dependency-groups"][name] for name in GROUPS[lock]]
        lines = [*project["project"]["dependencies"], *(line for group in groups for line in group)]
    else:
        lines = LOCKS[lock].with_suffix(".in").read_text().splitlines()
    names = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines)
    return {re.sub(r"[._-]+", "-", name[0]).lower() for name in names if name}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_dependency_is_locked_with_hashes(lock: str) -> None:
    expected = _wanted(lock)
    assert expected
    assert expected <= {match[1] for match in PIN.finditer(LOCKS[lock].read_text())}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_nothing_but_pins(lock: str) -> None:
    text = LOCKS[lock].read_text()
    rest = "\n".join(line for line in PIN.sub("", text).splitlines() if not line.startswith("#"))
    assert rest.strip() == ""
    assert "://" not in text


@pytest.mark.parametrize("lock", ["run", "build"])
def test_users_get_the_releases_that_were_tested(lock: str) -> None:
    tested = {match[1]: match[2] for match in PIN.finditer(LOCKS["ci"].read_text())}
    for match in PIN.finditer(LOCKS[lock].read_text()):
        assert tested[match[1]] == match[2], match[1]


# Licences under which a company may install what it has not read: none obliges its own programs.
PERMISSIVE = {"MIT", "BSD-3-Clause", "BSD-2-Clause", "Apache-2.0", "PSF-2.0", "ISC"}


def test_the_bill_of_materials_lists_what_users_install() -> None:
    """It is made anew by `make sbom`, from the lock and the licences of what is installed here."""
    assert bill_of_materials.BILL.read_text() == bill_of_materials.text()
    bill = json.loads(bill_of_materials.BILL.read_text())
    pins = {match[1]: match[2] for match in PIN.finditer(LOCKS["run"].read_text())}
    assert {part["name"]: part["version"] for part in bill["components"]} == pins
    licences = {part["licenses"][0]["license"]["id"] for part in bill["components"]}
    assert licences <= PERMISSIVE
    reached = {"platformc"}
    for _ in pins:
        reached |= {
            dependency
            for entry in bill["dependencies"]
            if entry["ref"] in reached
            for dependency in entry["dependsOn"]
        }
    assert reached == {"platformc", *(part["purl"] for part in bill["components"])}


def test_the_wheel_carries_the_bill_of_materials() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"][
        "targets"
    ]
    path = str(bill_of_materials.BILL.relative_to(ROOT))
    assert build["wheel"]["sbom-files"] == [path]
    assert path in build["sdist"]["include"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_ci_installs_is_locked(script: str) -> None:
    """By hash, or from this checkout; `make lock` and `make audit` are for people."""
    text = (ROOT / script).read_text().replace("\\\n", " ")
    installs = re.findall(r"^\s+.*(?:/pip\"? install|\$\(PIP\)) .*$", text, re.M)
    loose = [
        line for line in installs if "--require-hashes" not in line and "--no-deps" not in line
    ]
    assert [line.strip() for line in loose] == (
        ["$(PIP) uv", "$(PIP) pip-audit"] if script == "Makefile" else []
    )


# Known flaws are wanted as they are today; no test that must pass again depends on it.
NEWEST = ("golang.org/x/vulndb", "latest")


def test_programs_of_other_languages_are_pinned() -> None:
    """Go's checksum database knows the content of a version; a version of `latest` it would not."""
    for script in SCRIPTS:
        text = (ROOT / script).read_text()
        for module, version in re.findall(r"([a-z0-9.-]+\.[a-z]+/\S+)@(\S+)", text):
            if version_match := re.match(
                r"\$(?:version|1)\b", version
            ):  # by the caller of the function
                function = re.findall(
                    r"^(\w+)\(\) \{", text[: text.index(f"{module}@{version_match[0]}")], re.M
                )
                version = re.findall(rf"^ *{function[-1]} (\S+)$", text, re.M)[0]
            if (module, version) == NEWEST:
                continue
            assert re.match(r"v[0-9$]", version), module


def test_the_build_needs_no_installed_compiler() -> None:
    """It runs the module of templates alone, in an environment with only the build's requirements."""
    text = (ROOT / "compiler" / "kube" / "template.py").read_text()
    assert re.findall(r"^(?:from|import) compiler.*", text, re.M) == []
