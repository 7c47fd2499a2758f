"""Check the upstream systems: namespaces, objects with the required settings, releases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.delivery.answers import Ask, asked
from compiler.delivery.doctor.answers import Deployment
from compiler.delivery.doctor.finding import Finding
from compiler.model.custom_resource import kubectl_kind
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.model.prerequisite import Prerequisite
from compiler.upstream.prerequisites import prerequisites, running_release, vendored


def upstream(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    for prerequisite in (*prerequisites(lowered.graph), *vendored(lowered.graph)):
        for space in prerequisite.namespaces:
            exists = asked(ask, Manifest, "get", "namespace", space) is not None
            yield Finding(
                exists, f"{prerequisite.system}: {'' if exists else 'no '}namespace `{space}`"
            )
        for required in prerequisite.objects:
            yield _object(prerequisite.system, required, ask)
        yield from _release(prerequisite, ask)


def _release(prerequisite: Prerequisite, ask: Ask) -> Iterator[Finding]:
    """Compare the running release with the expected one, if its Deployment exists and shows it."""
    if prerequisite.running is None:
        return
    running = prerequisite.running
    words = ("get", "deployment", running.deployment, "-n", running.namespace)
    actual = asked(ask, Deployment, *words) or Deployment()
    images = {container.name: container.image for container in actual.spec.template.spec.containers}
    release = running_release(running, actual.metadata.labels, images)
    if release is None:
        return
    expected = release == prerequisite.version
    text = f"{prerequisite.system}: release {release}"
    key = f"`spec.components.{prerequisite.name}.release`"
    yield Finding(
        expected, text if expected else f"{text} runs, and {key} is {prerequisite.version}"
    )


def _object(system: str, required: Manifest, ask: Ask) -> Finding:
    metadata = required["metadata"]
    space = ["-n", metadata["namespace"]] if "namespace" in metadata else []
    actual = asked(ask, Manifest, "get", kubectl_kind(required), metadata["name"], *space)
    name = f"{system}: {required['kind']} `{metadata['name']}`"
    if actual is None:
        return Finding(False, f"{name} is not there")
    lacking = sorted(_lacking(required, actual, ""))
    if lacking:
        return Finding(
            False, f"{name} lacks {', '.join(lacking[:3])}; see `platformc prerequisites`"
        )
    return Finding(True, f"{name} has the required settings")


def _lacking(required: Any, actual: Any, path: str) -> Iterator[str]:
    """Paths at which an object differs from the required fields; additional fields are allowed."""
    if isinstance(required, dict) and isinstance(actual, dict):
        for key, value in required.items():
            yield from _lacking(value, actual.get(key), f"{path}.{key}" if path else key)
    elif isinstance(required, list) and isinstance(actual, list):
        if any(
            all(list(_lacking(item, candidate, path)) for candidate in actual) for item in required
        ):
            yield path
    elif required != actual:
        yield path
