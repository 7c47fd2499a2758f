"""What a platform expects of its cluster, against what the cluster answers.

Questions are asked through a function that runs kubectl, so that nothing here knows how. Values of
Secrets are never asked for, only their names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from compiler import KUBERNETES_SCHEMAS
from compiler.emit.manifests import manifests
from compiler.model.package import Lowered
from compiler.model.resource import Manifest
from compiler.upstream.prerequisites import prerequisites, vendored

# kubectl's words to its status, output and errors.
Ask = Callable[[list[str], str], tuple[int, str, str]]
_BUILTIN = re.compile(r"|[a-z]+|[a-z.]+\.k8s\.io")
_OLDEST = 29  # unhealthyPodEvictionPolicy and timeZone are stable since 1.27; CNPG wants 1.29


class Finding(Struct, frozen=True):
    """One thing that was looked at."""

    good: bool
    text: str


def check(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    """Everything that the platform expects of a cluster."""
    status, _, error = ask(["version", "-o", "json"], "")
    if status:
        yield Finding(False, f"the cluster does not answer: {error.strip()}")
        return
    yield _version(lowered, ask)
    yield from _kinds(lowered, ask)
    yield from _storage(lowered, ask)
    yield from _upstream(lowered, ask)
    yield from _secrets(lowered, ask)
    yield from _admission(lowered, ask)


def _json(ask: Ask, *words: str) -> Any:
    """The parsed answer; None where there is no such thing."""
    status, text, _ = ask([*words, "-o", "json"], "")
    return json.loads(text) if status == 0 else None


def _version(lowered: Lowered, ask: Ask) -> Finding:
    found = _json(ask, "version")["serverVersion"]
    minor = int(re.sub(r"\D", "", found["minor"]))
    version = f"Kubernetes {found['major']}.{minor}"
    wanted = lowered.platform.settings.cluster.kubernetes
    if wanted and wanted != f"{found['major']}.{minor}":
        return Finding(False, f"{version}, and `spec.cluster.kubernetes` says {wanted}")
    if minor < _OLDEST:
        return Finding(False, f"{version} is older than 1.{_OLDEST}")
    return Finding(True, f"{version} (checked against {KUBERNETES_SCHEMAS})")


def _kinds(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    """A CustomResourceDefinition for every kind that is not Kubernetes' own, in its version."""
    objects = manifests(lowered)
    own = {
        one["spec"]["names"]["kind"] for one in objects if one["kind"] == "CustomResourceDefinition"
    }
    needed = {
        (*one["apiVersion"].partition("/")[::2], one["kind"])
        for one in objects
        if not _BUILTIN.fullmatch(one["apiVersion"].rpartition("/")[0]) and one["kind"] not in own
    }
    if not needed:
        return
    served = {
        (crd["spec"]["group"], version["name"], crd["spec"]["names"]["kind"])
        for crd in (_json(ask, "get", "customresourcedefinitions") or {"items": []})["items"]
        for version in crd["spec"]["versions"]
        if version["served"]
    }
    for group, version, kind in sorted(needed):
        there = (group, version, kind) in served
        text = f"{kind} {group}/{version}"
        yield Finding(there, text if there else f"no {text}; see `platformc prerequisites`")


def _storage(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    needed = any(one["spec"].get("volumeClaimTemplates") for one in manifests(lowered)
                 if one["kind"] == "StatefulSet")  # fmt: skip
    if not needed:
        return
    classes = (_json(ask, "get", "storageclasses") or {"items": []})["items"]
    wanted = lowered.platform.settings.cluster.storage_class
    mark = "storageclass.kubernetes.io/is-default-class"
    defaults = [
        one["metadata"]["name"]
        for one in classes
        if one["metadata"].get("annotations", {}).get(mark) == "true"
    ]
    if wanted:
        there = wanted in [one["metadata"]["name"] for one in classes]
        yield Finding(there, f"{'' if there else 'no '}storage class `{wanted}`")
    elif len(defaults) == 1:
        yield Finding(True, f"storage class `{defaults[0]}`, the default")
    else:
        count = "several default storage classes" if defaults else "no default storage class"
        yield Finding(False, f"{count}; set `spec.cluster.storageClass`")


def _upstream(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    for one in (*prerequisites(lowered.graph), *vendored(lowered.graph)):
        for space in one.namespaces:
            there = _json(ask, "get", "namespace", space) is not None
            yield Finding(there, f"{one.system}: {'' if there else 'no '}namespace `{space}`")
        for wanted in one.objects:
            yield _object(one.system, wanted, ask)


def _object(system: str, wanted: Manifest, ask: Ask) -> Finding:
    metadata = wanted["metadata"]
    space = ["-n", metadata["namespace"]] if "namespace" in metadata else []
    found = _json(ask, "get", wanted["kind"].lower(), metadata["name"], *space)
    name = f"{system}: {wanted['kind']} `{metadata['name']}`"
    if found is None:
        return Finding(False, f"{name} is not there")
    lacking = sorted(_lacking(wanted, found, ""))
    if lacking:
        return Finding(
            False, f"{name} lacks {', '.join(lacking[:3])}; see `platformc prerequisites`"
        )
    return Finding(True, f"{name} holds what it must")


def _lacking(wanted: Any, found: Any, path: str) -> Iterator[str]:
    """Paths at which an object does not hold what it must; what else it holds is its own."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            yield from _lacking(value, found.get(key), f"{path}.{key}" if path else key)
    elif isinstance(wanted, list) and isinstance(found, list):
        if any(all(list(_lacking(one, other, path)) for other in found) for one in wanted):
            yield path
    elif wanted != found:
        yield path


def _secrets(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    known: dict[str, set[str]] = {}
    for credential in lowered.credentials:
        for space in credential.namespaces:
            if space not in known:
                _, text, _ = ask(["get", "secrets", "-n", space, "-o", "name"], "")
                known[space] = {line.rpartition("/")[2] for line in text.split()}
            there = credential.name in known[space]
            name = f"Secret `{space}/{credential.name}`"
            yield Finding(there, name if there else f"no {name}; see `platformc secrets`")


def _admission(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    """Whether namespaces refuse what the platform never asks for: a pod with the node's processes.

    Not a privileged one: an API server without `--allow-privileged` refuses that everywhere.
    """
    for one in manifests(lowered):
        if one["kind"] != "Namespace":
            continue
        space = one["metadata"]["name"]
        if _json(ask, "get", "namespace", space) is None:
            yield Finding(True, f"namespace `{space}` is not there yet")
            continue
        words = ["create", "--dry-run=server", "-n", space, "-f", "-"]
        status, _, error = ask(words, json.dumps(_INTRUSIVE))
        if status == 0:
            yield Finding(False, f"namespace `{space}` admits pods with the node's processes")
        elif "PodSecurity" in error or "denied" in error:
            yield Finding(True, f"namespace `{space}` refuses pods with the node's processes")
        else:
            yield Finding(False, f"namespace `{space}`: {error.strip()}")


_INTRUSIVE: Manifest = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "platformc-doctor"},
    "spec": {"hostPID": True, "containers": [{"name": "probe", "image": "scratch:1"}]},
}
