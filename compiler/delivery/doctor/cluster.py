"""Check what a cluster itself must have: its version, kinds of objects, classes of volumes and priorities."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler import KUBERNETES_SCHEMAS
from compiler.delivery.answers import Ask, ListOf, Named, WrongAnswerError, asked
from compiler.delivery.doctor.answers import Definition, Version
from compiler.delivery.doctor.finding import Finding
from compiler.emit.manifests import manifests
from compiler.model.custom_resource import Location, at, is_custom
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered

_OLDEST = 29  # unhealthyPodEvictionPolicy and timeZone are stable since 1.27; CNPG wants 1.29


def version(lowered: Lowered, ask: Ask) -> Finding:
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


def kinds(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
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


def storage(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    """The storage classes of the volumes; the default class for volumes that name none."""
    needed = {at(claim, location) for claim, location in _claims(lowered)}
    if not needed:
        return
    answer = asked(ask, ListOf[Named], "get", "storageclasses")
    classes = [storage_class.metadata for storage_class in (answer.items if answer else ())]
    names = {metadata.name for metadata in classes}
    for name in sorted(needed - {None}):
        exists = name in names
        yield Finding(exists, f"{'' if exists else 'no '}storage class `{name}`")
    mark = "storageclass.kubernetes.io/is-default-class"
    defaults = [metadata.name for metadata in classes if metadata.annotations.get(mark) == "true"]
    if None not in needed:
        return
    if len(defaults) == 1:
        yield Finding(True, f"storage class `{defaults[0]}`, the default")
    else:
        count = "several default storage classes" if defaults else "no default storage class"
        yield Finding(False, f"{count}; set `spec.cluster.storageClass`")


def _claims(lowered: Lowered) -> Iterator[tuple[Manifest, Location]]:
    """Each object that asks for volumes, and the place of their class in it."""
    for package in lowered.packages.values():
        for resource in package.resources:
            if resource.custom is not None and resource.custom.storage_class:
                yield resource.manifest, resource.custom.storage_class
            elif resource.kind == "StatefulSet":
                for claim in at(resource.manifest, ("spec", "volumeClaimTemplates")) or ():
                    yield claim, ("spec", "storageClassName")


def priorities(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    """The priority classes that instances name: without one, the API server refuses each pod by itself."""
    named = {
        instance.spec.priority_class
        for instance in lowered.platform.having("priority_class")
        if instance.spec.priority_class
    }
    if not named:
        return
    answer = asked(ask, ListOf[Named], "get", "priorityclasses")
    names = {priority_class.metadata.name for priority_class in (answer.items if answer else ())}
    for name in sorted(named):
        exists = name in names
        yield Finding(exists, f"{'' if exists else 'no '}priority class `{name}`")
