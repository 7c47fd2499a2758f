"""Append a hash of its content to the name of each Job, because an existing Job cannot change.

Jobs have no time to live: applying again would run a Job that had been cleaned up.
"""

from __future__ import annotations

import json
from hashlib import sha256

from compiler.derive.packages import each_object
from compiler.diagnostics import Report
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package


def derive(lowered: Lowered, report: Report) -> Lowered:
    def rename_job(package: Package, manifest: Manifest) -> Manifest:
        if manifest["kind"] != "Job":
            return manifest
        text = json.dumps(manifest["spec"], sort_keys=True)
        metadata = manifest["metadata"]
        # A label of a Job's pods holds its name, in at most 63 characters.
        name = f"{metadata['name'][:54]}-{sha256(text.encode()).hexdigest()[:8]}"
        return {**manifest, "metadata": {**metadata, "name": name}}

    return each_object(lowered, rename_job)
