"""Argo Workflows: runs of several pods, started from templates. The release is upstream's.

This component adds settings that depend on the platform: the artefact repository and the
ServiceAccount of each namespace with runs, and in upstream's own objects the archive, the settings
for pods and, with a gateway, a UI on plain HTTP. Facts about Argo Workflows 4.1: its full CRDs need
a server-side apply, its executor has an image for user 8737, a run's pods report through
`workflowtaskresults`, and its server uses TLS with a self-signed certificate.
"""

from collections.abc import Iterator
from typing import Annotated

from msgspec.structs import replace
from pydantic import Field

from compiler import kube, model
from compiler.components.argo_workflows import upstream
from compiler.interfaces import gateway, http, mesh, postgresql, s3, workflows
from compiler.spec.types import Bucket, Database, Duration, Namespace

PHASE = model.Phase.SERVERS
UPSTREAM_NAMESPACE = True
CLUSTER_SINGLETON = "its controller makes the runs of every namespace"
ARTIFACTS = model.Requires("artifacts", s3.Endpoint)
ARCHIVE = model.Requires("archive", postgresql.Endpoint)
MESH = mesh.MEMBER
WORKFLOWS = model.Provides(workflows.SLOT, workflows.Endpoint)
UI = model.Provides("ui", http.Endpoint, explicit=True)


class Spec(model.PageSpec, model.UpstreamSpec):
    """Argo Workflows. Runs exist in namespaces of components that use it, and where people start them."""

    namespace: Annotated[
        Namespace | None, Field(description="The namespace in upstream's manifests.")
    ] = "argo"
    namespaces: Annotated[
        model.ListOf[Namespace],
        Field(description="Namespaces in which people start runs; default: the platform's."),
    ] = ()
    bucket: Annotated[
        Bucket | None, Field(description="The bucket of artefacts and logs; default: its name.")
    ] = None
    archive: Annotated[bool, Field(description="Keep finished runs in a database.")] = True
    archive_ttl: Annotated[Duration, Field(description="How long the archive keeps them.")] = "180d"
    database: Annotated[
        Database | None, Field(description="The database of the archive; default: its name.")
    ] = None


def claims(me: model.Instance[Spec]) -> model.Claims:
    # Runs write artefacts where they are, and the controller reads them in its own namespace.
    bindings: model.Claims = {
        ARTIFACTS: s3.Claim(buckets=(me.spec.bucket or me.name,), abroad=True, path_only=True),
        MESH: mesh.Claim(optional=True),
    }
    if not me.spec.archive:
        return bindings
    archive = postgresql.Claim(
        database=me.spec.database or me.name.replace("-", "_"),
        connections=2 * upstream.POOL,
        reckoning=f"controller and server x {upstream.POOL}",
        pooled=False,  # it prepares statements
    )
    return {**bindings, ARCHIVE: archive}


def offers(me: model.Instance[Spec]) -> model.Offers:
    pages = http.Offer(
        port=upstream.UI_PORT,
        service=upstream.SERVER,
        pods={"app": upstream.SERVER},
        ui=True,
        own_login=True,
    )
    return {WORKFLOWS: workflows.Offer(requires_of_clients=(ARTIFACTS,)), UI: pages}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    store, spaces = wiring[ARTIFACTS], namespaces(me, wiring)
    # Only text in ConfigMaps names these Secrets, so they are declared here.
    yield from store.credentials(*namespaces(me, wiring, repository=True))
    archive = wiring.get(ARCHIVE)
    if archive is not None:
        for credential in archive.credentials(me.namespace):
            yield replace(credential, restart=upstream.archivists(me))
    for name, labels in upstream.labels(store, archive).items():
        yield model.OperatorPods(name, labels, account=upstream.ACCOUNTS[name])
    yield upstream.METRICS
    for space in spaces:
        yield from _account(me, space)
        # In a strict mesh, a run with another account than this one is refused.
        labels = upstream.run_labels(me, store)
        yield model.OperatorPods("runs", labels, space, workflows.account(me))
        runs = model.OperatorPods("runs", {workflows.label(me): "true"})
        yield kube.api_server(me, runs, space)
    for space in namespaces(me, wiring, repository=True):
        yield workflows.artifact_repositories(me, space, store)
    if kube.authorities.secret_key(store):
        yield model.HandedAuthority(ARTIFACTS.slot)
    for space in sorted({me.namespace, *namespaces(me, wiring, repository=True)}):
        yield from kube.authorities.secret(me, space, store)


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite | None:
    if me.spec.install != "existing":
        return None
    return upstream.prerequisite(
        me, wiring[ARTIFACTS], wiring.get(ARCHIVE), wiring.get(MESH),
        routed=wiring.get(gateway.ROUTE) is not None,
    )  # fmt: skip


def namespaces(
    me: model.Instance[Spec], wiring: model.Wiring, *, repository: bool = False
) -> tuple[str, ...]:
    """The namespaces with runs; with `repository`, only those whose artefacts are configured here."""
    claims = wiring.claims(WORKFLOWS)
    separate = {binding.consumer.namespace for binding in claims if not binding.claim.repository}
    peoples = me.spec.namespaces or (me.settings.namespace,)
    spaces = {*peoples, *(binding.consumer.namespace for binding in claims)}
    return tuple(sorted(spaces - separate if repository else spaces))


def _account(me: model.Instance[Spec], space: str) -> Iterator[model.Piece]:
    """The ServiceAccount and rights of the runs of one namespace."""
    name = workflows.account(me)
    account = kube.service_account(name, space, me.settings.registry.pull_secrets)
    # The executor, a container in each run's pod, reports to the API server.
    yield model.Resource({**account, "automountServiceAccountToken": True})
    rule = {
        "apiGroups": ["argoproj.io"],
        "resources": ["workflowtaskresults"],
        "verbs": ["create", "patch"],
    }
    yield from kube.role(name, space, [rule])
