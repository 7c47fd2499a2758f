"""A stand-in for operators that are not here: it calls every custom resource done.

So the waits of a plan are asked of a real API server, which checks the status by the operators' own
schemas; whether an operator would ever say so is its own business.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import Any

from support.custom_resources import as_resource

from live.control_plane import ControlPlane, Manifest


class StandIn:
    """Reports the condition that a plan waits for, of each object that it may wait for."""

    def __init__(self, plane: ControlPlane, objects: list[Manifest]) -> None:
        self._plane = plane
        kinds = (as_resource(manifest).custom for manifest in objects)
        self._conditions = {
            f"{custom.kind.lower()}.{custom.group}": custom.ready
            for custom in kinds
            if custom is not None and custom.ready
        }
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        while self._conditions and not self._over.wait(1):
            for kind, condition in sorted(self._conditions.items()):
                self._finish(kind, condition)

    def _finish(self, kind: str, condition: str) -> None:
        for item in json.loads(self._plane.run("get", kind, "-A", "-o", "json").stdout)["items"]:
            if item.get("status"):
                continue
            metadata = item["metadata"]
            patch = json.dumps({"status": _status(condition)})
            words = ("-n", metadata["namespace"], "--subresource=status", "--type=merge")
            self._plane.kubectl("patch", kind, metadata["name"], *words, "-p", patch)


def _status(condition: str) -> dict[str, Any]:
    """The status that fulfils a condition of `kubectl wait`."""
    operator, _, condition_type = condition.partition("=")
    if operator == "jsonpath":
        path, _, value = condition_type.partition("=")
        return {path.removeprefix("{.status.").removesuffix("}"): value}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    new_condition = {"type": condition_type, "status": "True", "lastTransitionTime": now}
    return {"conditions": [{**new_condition, "reason": "StandIn", "message": "done"}]}
