"""Compare the platform's requirements with the state of its cluster.

All questions go through a function that runs kubectl. Only names and annotations of Secrets are read, never values.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from compiler import KUBERNETES_SCHEMAS
from compiler.delivery.answers import (
    Ask,
    ConfigMap,
    Definition,
    Deployment,
    ListOf,
    Named,
    Version,
    WrongAnswerError,
    asked,
)
from compiler.delivery.certificates import endings
from compiler.emit.manifests import manifests
from compiler.model.credential import Credential
from compiler.model.custom_resource import is_custom, kubectl_kind
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.model.prerequisite import Prerequisite
from compiler.model.resource import SecretRef
from compiler.upstream.prerequisites import (
    prerequisites,
    running_release,
    vendored,
)

_OLDEST = 29  # unhealthyPodEvictionPolicy and timeZone are stable since 1.27; CNPG wants 1.29


class Finding(Struct, frozen=True):
    """The result of one check."""

    passed: bool
    text: str
    warns: bool = False  # it is good, and soon no longer

    @property
    def mark(self) -> str:
        if not self.passed:
            return "missing"
        return "soon" if self.warns else "ok"


def check(lowered: Lowered, ask: Ask, now: float) -> Iterator[Finding]:
    """Run every check of the cluster. `now` is in seconds since 1970."""
    status, _, error = ask(["version", "-o", "json"], "")
    if status:
        yield Finding(False, f"the cluster does not answer: {error.strip()}")
        return
    try:
        yield from _checks(lowered, ask)
        yield from _authorities(lowered, ask, now)
    except WrongAnswerError as error:
        yield Finding(False, str(error))


def _checks(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    yield _version(lowered, ask)
    yield from _kinds(lowered, ask)
    yield from _storage(lowered, ask)
    yield from _upstream(lowered, ask)
    yield from _secrets(lowered, ask)
    yield from _admission(lowered, ask)


def _version(lowered: Lowered, ask: Ask) -> Finding:
    answer = asked(ask, Version, "version")
    if answer is None:  # it answered a moment ago
        raise WrongAnswerError
    server = answer.server_version
    minor = int(re.sub(r"[^0-9]", "", server.minor))
    version = f"Kubernetes {server.major}.{minor}"
    expected = lowered.platform.settings.cluster.kubernetes
    if expected and expected != f"{server.major}.{minor}":
        return Finding(False, f"{version}, and `spec.cluster.kubernetes` says {expected}")
    if minor < _OLDEST:
        return Finding(False, f"{version} is older than 1.{_OLDEST}")
    return Finding(True, f"{version} (checked against {KUBERNETES_SCHEMAS})")


def _kinds(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    """A CustomResourceDefinition for every kind that is not built in, in the version that is used."""
    objects = manifests(lowered)
    bundled = {
        manifest["spec"]["names"]["kind"]
        for manifest in objects
        if manifest["kind"] == "CustomResourceDefinition"
    }
    needed = {
        (*manifest["apiVersion"].partition("/")[::2], manifest["kind"])
        for manifest in objects
        if is_custom(manifest) and manifest["kind"] not in bundled
    }
    if not needed:
        return
    definitions = asked(ask, ListOf[Definition], "get", "customresourcedefinitions")
    served = {
        (crd.spec.group, version.name, crd.spec.names.kind)
        for crd in (definitions.items if definitions else ())
        for version in crd.spec.versions
        if version.served
    }
    for group, version, kind in sorted(needed):
        exists = (group, version, kind) in served
        text = f"{kind} {group}/{version}"
        yield Finding(exists, text if exists else f"no {text}; see `platformc prerequisites`")


def _storage(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    needed = any(manifest["spec"].get("volumeClaimTemplates") for manifest in manifests(lowered)
                 if manifest["kind"] == "StatefulSet")  # fmt: skip
    if not needed:
        return
    answer = asked(ask, ListOf[Named], "get", "storageclasses")
    classes = [storage_class.metadata for storage_class in (answer.items if answer else ())]
    names = {metadata.name for metadata in classes}
    for name in sorted(_named_classes(lowered)):
        exists = name in names
        yield Finding(exists, f"{'' if exists else 'no '}storage class `{name}`")
    required = lowered.platform.settings.cluster.storage_class
    mark = "storageclass.kubernetes.io/is-default-class"
    defaults = [metadata.name for metadata in classes if metadata.annotations.get(mark) == "true"]
    if required:
        exists = required in names
        yield Finding(exists, f"{'' if exists else 'no '}storage class `{required}`")
    elif len(defaults) == 1:
        yield Finding(True, f"storage class `{defaults[0]}`, the default")
    else:
        count = "several default storage classes" if defaults else "no default storage class"
        yield Finding(False, f"{count}; set `spec.cluster.storageClass`")


def _named_classes(lowered: Lowered) -> set[str]:
    """The classes that single components name."""
    return {
        instance.spec.storage_class
        for instance in lowered.platform.having("storage_class")
        if instance.spec.storage_class
    }


def _upstream(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
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


def _secrets(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    names: dict[str, set[str]] = {}
    existing = (credential for credential in lowered.granted if credential.created_by == "you")
    for credential in (*lowered.credentials, *existing):
        for space in credential.namespaces:
            if space not in names:
                _, text, _ = ask(["get", "secrets", "-n", space, "-o", "name"], "")
                names[space] = {line.rpartition("/")[2] for line in text.split()}
            exists = credential.name in names[space]
            name = f"Secret `{space}/{credential.name}`"
            by_hand = credential.created_by or credential.to_annotate
            kind = f" ({credential.note})" if by_hand and credential.note else ""
            yield Finding(exists, name if exists else f"no {name}{kind}; see `platformc secrets`")
            annotations = credential.to_annotate.get(space, {})
            if exists and annotations:
                yield _annotations(name, credential, space, annotations, ask)


def _annotations(
    name: str, credential: Credential, space: str, annotations: Mapping[str, str], ask: Ask
) -> Finding:
    """Compare the annotations that a reader needs; the answer holds no other part of the Secret."""
    paths = (key.replace(".", "\\.") for key in annotations)
    template = '{"\\n"}'.join(f"{{.metadata.annotations['{path}']}}" for path in paths)
    _, text, _ = ask(
        ["get", "secret", credential.name, "-n", space, "-o", f"jsonpath={template}"], ""
    )
    actual = dict(zip(annotations, text.split("\n"), strict=False))
    lacking = sorted(
        f"{key}={value}" for key, value in annotations.items() if actual.get(key) != value
    )
    if not lacking:
        return Finding(True, f"{name} has the annotations of its readers")
    return Finding(False, f"{name} lacks {' '.join(lacking)} ({credential.annotations_reason})")


def _authorities(lowered: Lowered, ask: Ask, now: float) -> Iterator[Finding]:
    """Check the ends of the certificates of each `ca`; certificates in Secrets are not read."""
    sources = set()
    for binding in lowered.graph.bindings:
        authority, space = binding.offer.ca, binding.consumer.namespace
        if authority is None or isinstance(authority.source, SecretRef):
            continue
        source = (binding.provider.name, authority, space if authority.source else "")
        if source in sources:
            continue
        sources.add(source)
        if authority.source is None:
            yield from _ends(f"the `ca` of `{binding.provider.name}`", authority.text, now)
            continue
        key, config = authority.source.key, authority.source.name
        data = (asked(ask, ConfigMap, "get", "configmap", config, "-n", space) or ConfigMap()).data
        name = f"ConfigMap `{space}/{config}` with the `ca` of `{binding.provider.name}`"
        if key not in data:
            yield Finding(False, f"no {name} as `{key}`")
        else:
            yield from _ends(name, data[key], now)


def _ends(subject: str, text: str, now: float) -> Iterator[Finding]:
    try:
        for ending in endings(text, now):
            verb = "ended" if ending.ended else "ends"
            words = f"{subject}: `{ending.subject}` {verb} on {ending.day}"
            yield Finding(not ending.ended, words, warns=ending.soon)
    except (ssl.SSLError, ValueError):
        yield Finding(False, f"{subject}: no certificates in PEM form")


def _admission(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    """Whether namespaces refuse a pod with `hostPID`, which the platform never uses.

    A privileged pod would prove nothing: an API server without `--allow-privileged` refuses it
    everywhere.
    """
    for manifest in manifests(lowered):
        if manifest["kind"] != "Namespace":
            continue
        space = manifest["metadata"]["name"]
        if asked(ask, Manifest, "get", "namespace", space) is None:
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
