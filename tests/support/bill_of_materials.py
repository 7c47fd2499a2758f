"""The bill of materials of an installation, with licences: CycloneDX 1.6, by `make sbom`.

It lists the releases of `requirements/run.txt`, which the Action and the plugin's image install by hash.
Licences and dependencies come from the metadata of the installed distributions. The wheel carries the
file in its `.dist-info/sboms/` (PEP 770), and so does the image.
"""

from __future__ import annotations

import json
import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "run.txt"
BILL = ROOT / "requirements" / "platformc.cdx.json"
# Of distributions that name no SPDX identifier: as their licence files read.
_READ = {"jinja2": "BSD-3-Clause"}


def locked() -> dict[str, str]:
    """The pinned releases, by name."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK.read_text(), re.M))


def licence(name: str) -> str:
    """The SPDX identifier of a distribution's licence."""
    fields = distribution(name).metadata
    return _READ.get(name) or fields["License-Expression"] or fields["License"]


def requirements(name: str, names: set[str]) -> list[str]:
    """The names of the pinned releases that a distribution requires, on some system at least."""
    words = (line for line in distribution(name).requires or () if "extra ==" not in line)
    matches = (re.match(r"[A-Za-z0-9._-]+", line) for line in words)
    normal = {re.sub(r"[._-]+", "-", match[0]).lower() for match in matches if match}
    return sorted(normal & names)


def bill() -> dict[str, Any]:
    pins = locked()
    addresses = {name: f"pkg:pypi/{name}@{version}" for name, version in pins.items()}

    def required(name: str) -> list[str]:
        return [addresses[dependency] for dependency in requirements(name, set(pins))]

    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "platformc",
                "name": "platformc",
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": [
            {
                "type": "library",
                "bom-ref": addresses[name],
                "name": name,
                "version": version,
                "licenses": [{"license": {"id": licence(name)}}],
                "purl": addresses[name],
            }
            for name, version in pins.items()
        ],
        "dependencies": [
            {"ref": "platformc", "dependsOn": required("platformc")},
            *({"ref": addresses[name], "dependsOn": required(name)} for name in pins),
        ],
    }


def text() -> str:
    return json.dumps(bill(), indent=1) + "\n"


if __name__ == "__main__":
    BILL.write_text(text())
    for name, version in locked().items():
        print(f"{name:28} {version:12} {licence(name)}")
