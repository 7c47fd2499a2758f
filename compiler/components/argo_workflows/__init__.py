"""Argo Workflows: runs of several pods, started from templates. The release is upstream's.

This component adds settings that depend on the platform: the artefact repository and the
ServiceAccount of each namespace with runs, and in upstream's own objects the archive, the settings
for pods and, with a gateway, a UI on plain HTTP. Facts about Argo Workflows 4.1: its full CRDs need
a server-side apply, its executor has an image for user 8737, a run's pods report through
`workflowtaskresults`, and its server uses TLS with a self-signed certificate.
"""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace
from pydantic import Field

from compiler import kube, model
from compiler.components.argo_workflows import sign_on, upstream
from compiler.interfaces import gateway, http, mesh, oidc, postgresql, s3, workflows
from compiler.spec.types import Bucket, Database, Duration, Namespace, Release

PHASE = model.Phase.SERVERS
UPSTREAM_NAMESPACE = True
CLUSTER_SINGLETON = "its controller makes the runs of every namespace"
ARTIFACTS = model.Requires("artifacts", s3.Endpoint)
ARCHIVE = model.Requires("archive", postgresql.Endpoint)
MESH = mesh.MEMBER
LOGIN = model.Requires("login", oidc.Endpoint)
WORKFLOWS = model.Provides(workflows.SLOT, workflows.Endpoint)
UI = model.Provides("ui", http.Endpoint, explicit=True)


class Spec(model.SignOnPageSpec, model.UpstreamSpec):
    """Argo Workflows. Runs exist in namespaces of components that use it, and where people start them."""

    namespace: Namespace | None = Field(
        default="argo", description="The namespace in upstream's manifests."
    )
    release: Release = upstream.VERSION
    namespaces: model.ListOf[Namespace] = Field(
        default=(), description="Namespaces in which people start runs; default: the platform's."
    )
    bucket: Bucket | None = Field(
        default=None, description="The bucket of artefacts and logs; default: its name."
    )
    archive: bool = Field(default=True, description="Keep finished runs in a database.")
    archive_ttl: Duration = Field(default="180d", description="How long the archive keeps them.")
    database: Database | None = Field(
        default=None, description="The database of the archive; default: its name."
    )

    def idle(self) -> Mapping[str, str]:
        return {} if self.archive else {"archiveTtl": "archive", "database": "archive"}


def claims(me: model.Instance[Spec]) -> model.Claims:
    # Runs write artefacts where they are, and the controller reads them in its own namespace.
    bindings: model.Claims = {
        ARTIFACTS: s3.Claim(buckets=(me.spec.bucket or me.name,), abroad=True, path_only=True),
        MESH: mesh.Claim(optional=True),
        **({LOGIN: oidc.Claim(optional=True)} if me.spec.sso else {}),
    }
    if not me.spec.archive:
        return bindings
    archive = postgresql.Claim(
        database=me.spec.database or me.name.replace("-", "_"),
        connections=2 * upstream.POOL,
        calculation=f"controller and server x {upstream.POOL}",
        creates_tables=True,
        pooled=False,  # it prepares statements
        # Its settings have a mode of TLS, and no file (config/config.go, PostgreSQLConfig).
        untrusting=f"write `archive: false` under `{me.name}`: then no database keeps its finished runs",
    )
    return {**bindings, ARCHIVE: archive}


def offers(me: model.Instance[Spec]) -> model.Offers:
    pages = http.Offer(
        port=upstream.UI_PORT,
        service=upstream.SERVER,
        pods={"app": upstream.SERVER},
        ui=True,
        own_login=True,
        own_oauth=True,
        tls_unrouted=True,
    )
    runs = workflows.Offer(
        requires_of_clients=(ARTIFACTS,), injected=upstream.executor(me.spec.release)
    )
    return {WORKFLOWS: runs, UI: pages}


def problems(me: model.Instance[Spec]) -> Iterator[model.Problem]:
    return sign_on.problems(me)


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    store, spaces = wiring[ARTIFACTS], namespaces(me, wiring)
    stored = namespaces(me, wiring, repository=True)
    # Only text in ConfigMaps names these Secrets, so they are declared here.
    yield from store.credentials(*stored)
    archive = wiring.get(ARCHIVE)
    if archive is not None:
        for credential in archive.credentials(me.namespace):
            yield replace(credential, restart=upstream.archivists(me))
    login = wiring.get(LOGIN)
    if login is not None:
        yield from sign_on.credentials(me, login, upstream.SERVER)
        yield from sign_on.accounts(me, me.spec.sso, spaces, store, stored)
        if login.authority:
            yield model.HandedAuthority(LOGIN.slot)
    for name, labels in upstream.labels(store, archive, login).items():
        yield model.OperatorPods(name, labels, account=upstream.ACCOUNTS[name])
    yield upstream.METRICS
    for space in spaces:
        yield from _account(me, space)
        # In a strict mesh, a run with another account than this one is refused.
        labels = upstream.run_labels(me, store)
        executor = upstream.executor(me.spec.release)
        yield model.OperatorPods(
            "runs", labels, space, workflows.account(me), executor, dict(kube.UNPRIVILEGED)
        )
        runs = model.OperatorPods("runs", {workflows.label(me): "true"})
        yield kube.api_server(me, runs, space)
    for space in stored:
        yield workflows.artifact_repositories(me, space, store)
    if store.offer.ca:
        accepted = kube.authorities.secret_key(store) is not None
        yield model.HandedAuthority(ARTIFACTS.slot, accepted)
    for space in sorted({me.namespace, *stored}):
        yield from kube.authorities.secret(me, space, store)


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite | None:
    if me.spec.install != "existing":
        return None
    return upstream.prerequisite(
        me, wiring[ARTIFACTS], wiring.get(ARCHIVE), wiring.get(MESH), wiring.get(gateway.ROUTE),
        wiring.get(LOGIN),
    )  # fmt: skip


def namespaces(
    me: model.Instance[Spec], wiring: model.Wiring, *, repository: bool = False
) -> tuple[str, ...]:
    """The namespaces with runs; with `repository`, only namespaces whose artefact store is set here."""
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
