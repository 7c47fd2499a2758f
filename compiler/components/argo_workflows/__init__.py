"""Argo Workflows: runs of several pods, started from templates. Upstream ships it whole.

What is written here is what upstream cannot know: the artefact repository and the ServiceAccount of
each namespace with runs, and, as parts of upstream's own objects, the archive, the rules for pods
and, where there is a gateway, a UI that speaks plain HTTP to it. Facts are of Argo Workflows 4.1:
its full CRDs go in server-side, its executor has an image for the user 8737, a run's pods report
through `workflowtaskresults`, and its server speaks TLS with a certificate of its own making.
"""

from collections.abc import Iterator
from typing import Annotated

from msgspec.structs import replace
from pydantic import Field

from compiler import kube, model
from compiler.components.argo_workflows import upstream
from compiler.interfaces import gateway, http, postgresql, s3, workflows
from compiler.spec.types import Bucket, Database, Duration, Namespace

PHASE = model.Phase.SERVERS
UPSTREAM_NAMESPACE = True
CLUSTER_SINGLETON = "its controller makes the runs of every namespace"
ARTIFACTS = model.Requires("artifacts", s3.Endpoint)
ARCHIVE = model.Requires("archive", postgresql.Endpoint)
WORKFLOWS = model.Provides(workflows.SLOT, workflows.Endpoint)
UI = model.Provides("ui", http.Endpoint, explicit=True)


class Spec(model.UpstreamSpec):
    """Argo Workflows; runs are where something has them made, and where people start their own."""

    namespace: Annotated[
        Namespace | None, Field(description="Where upstream's manifests put it.")
    ] = "argo"
    namespaces: Annotated[
        model.ListOf[Namespace],
        Field(description="Where people start runs; default: the platform's namespace."),
    ] = ()
    bucket: Annotated[
        Bucket | None, Field(description="Of artefacts and logs; default: its name.")
    ] = None
    archive: Annotated[bool, Field(description="Keep finished runs in a database.")] = True
    archive_ttl: Annotated[Duration, Field(description="How long the archive keeps them.")] = "180d"
    database: Annotated[
        Database | None, Field(description="Of the archive; default: its name.")
    ] = None


def claims(me: model.Instance[Spec]) -> model.Claims:
    # Runs write artefacts where they are, and the controller reads them in its own namespace.
    artifacts = {ARTIFACTS: s3.Claim(buckets=(me.spec.bucket or me.name,), abroad=True)}
    if not me.spec.archive:
        return artifacts
    archive = postgresql.Claim(
        database=me.spec.database or me.name.replace("-", "_"),
        connections=2 * upstream.POOL,
        reckoning=f"controller and server x {upstream.POOL}",
        pooled=False,  # it prepares statements
    )
    return {**artifacts, ARCHIVE: archive}


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
    # Text in ConfigMaps names these Secrets, here and upstream's: no object does.
    yield from store.credentials(*namespaces(me, wiring, repository=True))
    archive = wiring.get(ARCHIVE)
    if archive is not None:
        for one in archive.credentials(me.namespace):
            yield replace(one, restart=upstream.archivists(me))
    for name, labels in upstream.labels(store, archive).items():
        yield model.OperatorPods(name, labels, account=upstream.ACCOUNTS[name])
    yield upstream.METRICS
    for space in spaces:
        yield from _account(me, space)
        # A run that names another account than the one made for it is nobody to a strict mesh.
        labels = upstream.run_labels(me, store)
        yield model.OperatorPods("runs", labels, space, workflows.account(me))
        runs = model.OperatorPods("runs", {workflows.label(me): "true"})
        yield kube.api_server(me, runs, space)
    for space in namespaces(me, wiring, repository=True):
        yield workflows.artifact_repositories(me, space, store)


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite | None:
    if me.spec.install != "existing":
        return None
    return upstream.prerequisite(
        me, wiring[ARTIFACTS], wiring.get(ARCHIVE), wiring.get(gateway.ROUTE)
    )


def namespaces(
    me: model.Instance[Spec], wiring: model.Wiring, *, repository: bool = False
) -> tuple[str, ...]:
    """Where runs are, of the spec's and of people's; or just those that keep artefacts here."""
    claims = wiring.claims(WORKFLOWS)
    own = {one.consumer.namespace for one in claims if not one.claim.repository}
    peoples = me.spec.namespaces or (me.settings.namespace,)
    all = {*peoples, *(one.consumer.namespace for one in claims)}
    return tuple(sorted(all - own if repository else all))


def _account(me: model.Instance[Spec], space: str) -> Iterator[model.Piece]:
    """Who the runs of one namespace are to the API server."""
    name = workflows.account(me)
    account = kube.service_account(name, space, me.settings.registry.pull_secrets)
    # The executor beside each run's program reports to the API server.
    yield model.Resource({**account, "automountServiceAccountToken": True})
    rule = {
        "apiGroups": ["argoproj.io"],
        "resources": ["workflowtaskresults"],
        "verbs": ["create", "patch"],
    }
    yield from kube.role(name, space, [rule])
