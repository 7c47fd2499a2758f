"""Write Argo CD's own objects: an AppProject that permits the platform's objects, and Applications.

An application works in one of two ways: the plugin renders the spec, or Argo CD builds the kustomization in
`out/<environment>/`, which lists the files there. The deletion of an application deletes no object of the
platform, an empty output is never synchronised, and annotations of the objects give their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from compiler.delivery.argocd.plugin import NAME
from compiler.emit.manifests import manifests
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered

API = "argoproj.io/v1alpha1"
IN_CLUSTER = "https://kubernetes.default.svc"
Road = Literal["plugin", "rendered"]


class Origin(Struct, frozen=True, kw_only=True):
    """The repository of the platform, and whether the plugin renders it."""

    repository: str
    revision: str
    path: str  # the spec's folder in the repository
    road: Road
    namespace: str  # the namespace of Argo CD


Kinds = frozenset[tuple[str, str]]  # group and kind


class Permissions(Struct, frozen=True):
    """The permissions that an AppProject needs."""

    cluster_kinds: Kinds
    namespaced_kinds: Kinds
    destinations: frozenset[tuple[str, str, str]]  # "name" or "server", the cluster, the namespace

    def beyond(self, old: Permissions) -> list[str]:
        """The kinds and namespaces that an older AppProject does not permit."""
        kinds = (self.cluster_kinds - old.cluster_kinds) | (
            self.namespaced_kinds - old.namespaced_kinds
        )
        destinations = self.destinations - old.destinations
        return [
            *(f"kind {kind}{f' of {group}' if group else ''}" for group, kind in sorted(kinds)),
            *(
                f"namespace {space} in cluster {cluster}"
                for _, cluster, space in sorted(destinations)
            ),
        ]


def permissions(environments: Mapping[str, Lowered]) -> Permissions:
    """The permissions that the platform's objects need.

    Argo CD holds an application's own namespace against the destinations, and that of each object which has
    one; an object of the cluster is only held against the kinds (pkg/apis/application/v1alpha1/types.go,
    IsDestinationPermitted, IsLiveResourcePermitted).
    """
    kinds: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    destinations: set[tuple[str, str, str]] = set()
    for name, lowered in environments.items():
        target = destination(lowered, name, len(environments))
        ((key, cluster),) = target.items()
        spaces = {lowered.platform.settings.namespace}
        for manifest in manifests(lowered):
            kind, metadata = manifest["kind"], manifest["metadata"]
            space = metadata.get("namespace", "")
            kinds[bool(space)].add((manifest["apiVersion"].rpartition("/")[0], kind))
            spaces |= {metadata["name"]} if kind == "Namespace" else {space} - {""}
        destinations |= {(key, cluster, space) for space in spaces}
    return Permissions(frozenset(kinds[False]), frozenset(kinds[True]), frozenset(destinations))


def project(environments: Mapping[str, Lowered], origin: Origin) -> Manifest:
    """An AppProject for this repository, with the platform's clusters, namespaces and kinds."""
    needed = permissions(environments)
    platform = next(iter(environments.values())).platform
    return {
        "apiVersion": API,
        "kind": "AppProject",
        "metadata": {"name": platform.name, "namespace": origin.namespace},
        "spec": {
            "description": f"The platform {platform.name}, compiled by platformc.",
            "sourceRepos": [origin.repository],
            "destinations": [
                {key: cluster, "namespace": space}
                for key, cluster, space in sorted(needed.destinations)
            ],
            "clusterResourceWhitelist": _kinds(needed.cluster_kinds),
            "namespaceResourceWhitelist": _kinds(needed.namespaced_kinds),
        },
    }


def _kinds(kinds: Kinds) -> list[dict[str, str]]:
    return [{"group": group, "kind": kind} for group, kind in sorted(kinds)]


def applications(environments: Mapping[str, Lowered], origin: Origin) -> list[Manifest]:
    """One Application for each environment."""
    objects = []
    for name, lowered in environments.items():
        target = destination(lowered, name, len(environments))
        platform = lowered.platform
        spec = _spec(platform.name, name, target, platform.settings.namespace, origin)
        metadata = {"name": f"{platform.name}-{name}", "namespace": origin.namespace}
        objects.append(
            {"apiVersion": API, "kind": "Application", "metadata": metadata, "spec": spec}
        )
    return objects


def application_set(environments: Mapping[str, Lowered], origin: Origin) -> Manifest:
    """The same applications from one template."""
    elements: list[dict[str, str]] = []
    for name, lowered in environments.items():
        ((_, cluster),) = destination(lowered, name, len(environments)).items()
        space = lowered.platform.settings.namespace
        elements.append({"environment": name, "cluster": cluster, "namespace": space})
    platform = next(iter(environments.values())).platform
    key = "name" if len(environments) > 1 else "server"
    target = {key: "{{.cluster}}"}
    return {
        "apiVersion": API,
        "kind": "ApplicationSet",
        "metadata": {"name": platform.name, "namespace": origin.namespace},
        "spec": {
            "goTemplate": True,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [{"list": {"elements": elements}}],
            # If an environment is removed from the spec, its objects stay until someone deletes them.
            "syncPolicy": {"preserveResourcesOnDeletion": True},
            "template": {
                "metadata": {"name": f"{platform.name}-{{{{.environment}}}}"},
                "spec": _spec(platform.name, "{{.environment}}", target, "{{.namespace}}", origin),
            },
        },
    }


def destination(lowered: Lowered, name: str, count: int) -> dict[str, str]:
    """The cluster of an environment, by its name in Argo CD; or Argo CD's own cluster."""
    cluster = lowered.platform.settings.cluster.name
    if count == 1 and cluster is None:
        return {"server": IN_CLUSTER}
    return {"name": cluster or name}


def _spec(
    platform: str, environment: str, target: Mapping[str, str], namespace: str, origin: Origin
) -> dict[str, Any]:
    return {
        "project": platform,
        "source": _source(environment, origin),
        "destination": {**target, "namespace": namespace},
        "syncPolicy": {
            "automated": {"prune": True, "selfHeal": True, "allowEmpty": False},
            "syncOptions": _OPTIONS,
        },
    }


# Server-side, because large ConfigMaps and CRDs don't fit an annotation; removed objects are pruned last.
_OPTIONS: Sequence[str] = ["ServerSideApply=true", "PruneLast=true", "FailOnSharedResource=true"]


# Names kustomize as the tool: otherwise the files of the folder choose the tool, and a planted `platform.yaml` would start
# the plugin. Argo CD drops a `kustomize` whose fields are all empty. This field has no effect without
# `components` (Argo CD 3.5.7, pkg/apis/application/v1alpha1/types.go, util/kustomize/kustomize.go).
_KUSTOMIZE = {"ignoreMissingComponents": True}


def _source(environment: str, origin: Origin) -> dict[str, Any]:
    folder = origin.path.strip("/") or "."
    source = {"repoURL": origin.repository, "targetRevision": origin.revision}
    if origin.road == "plugin":
        parameters = [{"name": "environment", "string": environment}]
        return {**source, "path": folder, "plugin": {"name": NAME, "parameters": parameters}}
    out = f"out/{environment}" if folder == "." else f"{folder}/out/{environment}"
    return {**source, "path": out, "kustomize": _KUSTOMIZE}
