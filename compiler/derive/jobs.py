"""A Job cannot change under its name, so the name ends in a hash of what it runs.

There is no time to live: applying again would run a Job that had been cleaned up.
"""

from __future__ import annotations

import json
from hashlib import sha256

from compiler.derive.packages import each_object
from compiler.diagnostics import Report
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest


def derive(lowered: Lowered, report: Report) -> Lowered:
    def one(package: Package, manifest: Manifest) -> Manifest:
        if manifest["kind"] != "Job":
            return manifest
        text = json.dumps(manifest["spec"], sort_keys=True)
        metadata = manifest["metadata"]
        # 63 characters are the most that a Job's pods can bear in a label.
        name = f"{metadata['name'][:54]}-{sha256(text.encode()).hexdigest()[:8]}"
        return {**manifest, "metadata": {**metadata, "name": name}}

    return each_object(lowered, one)
