"""PostgreSQL by CloudNativePG: replicated servers that its operator runs, heals and backs up.

Facts are of CloudNativePG 1.30: the servers speak TLS, the one that writes is behind `<name>-rw`,
and roles are made from the keys `username` and `password` of Secrets in the cluster's own namespace, whatever their type
(internal/management/utils/secrets.go). They have the type of all others: a Secret's type never changes, and a move brings
logins of `postgres` here and back.
Backups go by the Barman Cloud Plugin: the operator's own Barman support ends with 1.31.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from compiler import kube, model
from compiler.components.bases import postgres
from compiler.components.cloudnative_pg import backups, drill, logins, versions
from compiler.components.cloudnative_pg.kinds import CLUSTER, CLUSTER_LABEL, SERVER_LABELS
from compiler.interfaces import cert_manager, postgresql, s3, sql
from compiler.spec import quantity
from compiler.spec.constraints import InvalidValue
from compiler.spec.image import split_image
from compiler.spec.types import Image, Namespace, Storage

PHASE = model.Phase.DATABASES
VERSIONS = versions.VERSIONS
BACKUPS = model.Requires(s3.COPIES, s3.Endpoint)
DATABASES = model.Provides("databases", postgresql.Endpoint)
PORT, STATUS, METRICS = 5432, 8000, 9187
VERSION = "1.30.0"
OLDEST_KUBERNETES = model.OldestKubernetes(
    34, "CloudNativePG 1.30 supports 1.34 to 1.36 (its release notes)"
)
WITH_PLUGIN = f"CloudNativePG and its Barman Cloud Plugin {backups.VERSION} or later"
RESERVED = ("CLUSTER_NAME", "NAMESPACE", "POD_NAME")
NEAR_LIMIT = model.Alert(
    "ConnectionsNearLimit",
    "sum by (pod) (cnpg_backends_total{$pods}) > on (pod) 0.85 * max by (pod) "
    '(cnpg_pg_settings_setting{$pods,name="max_connections"})',
    "5m",
    "More than 85 % of a server's connections are in use; a pooler, or smaller pools, spare them.",
    "critical",
)
OPERATOR = postgresql.Operator(
    login_labels={"cnpg.io/reload": "true"},
    pooler_port=5432,
    pooler_label="cnpg.io/poolerName",
    own_roles="cnpg_",  # its webhook refuses such a role (1.30.0, pkg/postgres/roles.go)
)

# Without single quotes, because the shell needs these.
DROP_TABLES = (
    "DO $do$ DECLARE t record; BEGIN FOR t IN SELECT schemaname, tablename FROM pg_tables "
    "WHERE schemaname !~ $re$^(pg_|information_schema)$re$ LOOP "
    "EXECUTE format($sql$DROP TABLE IF EXISTS %I.%I CASCADE$sql$, t.schemaname, t.tablename); END LOOP; END $do$"
)


class Spec(model.RecordSpec):
    """A PostgreSQL cluster that CloudNativePG runs."""

    moved: ClassVar[Mapping[str, str]] = {
        "adopt": "CloudNativePG names its Services and volumes after the cluster: name the instance as "
        "the existing Cluster is named, or fill a new one by `restore: {...}`"
    }
    image: Image = Field(
        default="ghcr.io/cloudnative-pg/postgresql:18.6-system-trixie", description="Its image."
    )
    replicas: int = Field(
        default=1,
        ge=1,
        le=10,
        description="Servers: one primary, and replicas; a commit waits for a ready replica.",
    )
    storage: Storage = Field(default="20Gi", description="Size of each server's volume.")
    max_connections: Annotated[int, Field(ge=20, le=10000)] | None = Field(
        default=None,
        description="Its `max_connections`; default: the sum of the clients' connections, at least 100.",
    )
    backup: backups.Backup | None = Field(
        default=None, description="Backups to an object store, if they differ from `spec.backup`."
    )
    restore: backups.Restore | None = Field(
        default=None,
        description="Make a new cluster from an archive of backups, to a point in time.",
    )
    install: model.Install = "existing"
    operator_namespace: Namespace = Field(
        default="cnpg-system", description="Where the operator is installed."
    )

    def check(self) -> None:
        super().check()
        # Its webhook refuses these (CloudNativePG 1.30.0, pkg/postgres/environment.go).
        for name in sorted(self.env):
            if name.upper() in RESERVED or name.upper().startswith(("PG", "CNPG_")):
                message = f"CloudNativePG sets `{name}` in its pods, and refuses another value"
                raise InvalidValue("reserved-variable", message, "delete the variable")


def claims(me: model.Instance[Spec]) -> model.Claims:
    plan = backups.plan(me)
    if plan is None:
        return {}
    restored = () if me.spec.restore is None else (me.spec.restore.archive or me.name,)
    copies = s3.Claim(
        buckets=(plan.bucket,), provider=plan.provider, path_only=True, copies=True,
        part=f"/{plan.archive}", parts_read=tuple(f"/{archive}" for archive in restored),
        # A server archives its log as long as it runs, and so does the server of a store's own names.
        unceasing=True,
    )  # fmt: skip
    return {BACKUPS: copies, **drill.claims(me, plan)}


def problems(me: model.Instance[Spec]) -> Iterator[model.Problem]:
    """Problems of backups, and what the operator's webhook refuses."""
    yield from backups.problems(me)
    if not re.match(r"\d", split_image(me.spec.image)[1]):
        yield model.Problem(
            "invalid-image",
            f"`{me.spec.image}` has no tag that begins with PostgreSQL's version, from which "
            "CloudNativePG reads it",
            ("image",),
            "write the version before the digest, such as `:18.6-system-trixie`",
        )


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {
        DATABASES: postgresql.Offer(
            port=PORT,
            service=f"{me.name}-rw",
            pods=_servers(me).labels,
            sslmode="require",
            max_connections=me.spec.max_connections,
            grows=True,
            operator=OPERATOR,
        )
    }


def sizes(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Size]:
    """Of the server; the operator's webhook also refuses a request below the shared buffers."""
    yield from postgres.sizes(me.spec, wiring.claims(DATABASES))
    resources = postgres.resources(me.spec, postgres.connections(me.spec, wiring.claims(DATABASES)))
    yield model.memory_request(
        quantity.in_bytes(resources["requests"]["memory"]),
        postgres.buffers(resources["limits"]["memory"]),
        "its shared buffers, a quarter of the limit; CloudNativePG refuses a smaller request",
    )


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite | None:
    if me.spec.install != "existing":
        return None
    release = f"release-{VERSION.rpartition('.')[0]}/releases/cnpg-{VERSION}.yaml"
    source = "https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg"
    copied = backups.plan(me) is not None
    commands = [f"kubectl apply --server-side -f {source}/{release}"]
    if copied:
        plugin = f"{backups.RELEASE}/v{backups.VERSION}/manifest.yaml"
        commands.append(f"kubectl apply --server-side -f {plugin}")
    # Until its webhook answers, the API server refuses every Cluster, Database and Pooler.
    namespace = me.spec.operator_namespace
    commands.append(f"kubectl -n {namespace} rollout status deployment/cnpg-controller-manager")
    return model.Prerequisite(
        name=me.name,
        system=WITH_PLUGIN if copied else "CloudNativePG",
        version=VERSION,
        namespaces=(me.spec.operator_namespace,),
        how=tuple(commands),
        also=(cert_manager.NAME,) if copied else (),
    )


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    bindings = sql.logins(wiring.claims(DATABASES))
    store = wiring.get(BACKUPS)
    connections = postgres.connections(me.spec, wiring.claims(DATABASES))
    yield _cluster(me, bindings, store, connections)
    # With the Jobs that make instances, and the poolers, which carry the Cluster's label as well.
    all_pods, servers = model.OperatorPods("pods", {CLUSTER_LABEL: me.name}), _servers(me)
    yield model.InternalTraffic(all_pods, servers, (PORT, STATUS))
    yield model.Ingress("operator", me.spec.operator_namespace, servers, (STATUS,))
    yield kube.api_server(me, all_pods)
    plan = backups.plan(me)
    alerts = backups.alerts(plan, me.spec.storage) if plan else ()
    yield model.Metrics(pods=servers, port=METRICS, alerts=(NEAR_LIMIT, *alerts))
    yield from logins.lower(me, bindings, servers)
    if plan is not None and store is not None:
        yield from backups.lower(me, plan, store)
    archive = wiring.get(drill.ARCHIVE)
    if plan is not None and archive is not None:
        yield from drill.lower(me, plan, archive, bindings, connections)
    if store is not None and store.offer.ca is not None:
        yield from kube.authorities.secret(me, me.namespace, store)
        accepted = kube.authorities.secret_key(store) is not None
        yield model.HandedAuthority(BACKUPS.slot, accepted)


def revoke_command(binding: postgresql.Binding) -> str:
    """Locks a login without a consumer: the operator leaves a role that is not in its list unchanged."""
    return f"{_psql(binding.provider)} -c 'ALTER ROLE \"{postgresql.role(binding)}\" NOLOGIN'"


def empty_command(binding: postgresql.Binding) -> str:
    """Deletes what an archive brings back: it has every database of the server."""
    return f"{_psql(binding.provider)} -d {binding.claim.database} -c '{DROP_TABLES}'"


def _psql(me: model.Instance[Spec]) -> str:
    """The command that speaks to the server that writes, as its superuser."""
    labels = f"{CLUSTER_LABEL}={me.name},cnpg.io/instanceRole=primary"
    primary = f"$(kubectl get pods -n {me.namespace} -l {labels} -o name)"
    return f"kubectl exec -n {me.namespace} {primary} -c postgres -- psql"


def _servers(me: model.Instance[Spec]) -> model.OperatorPods:
    return model.OperatorPods("servers", {CLUSTER_LABEL: me.name, **SERVER_LABELS})


def _cluster(
    me: model.Instance[Spec],
    bindings: tuple[postgresql.Binding, ...],
    store: s3.Endpoint | None,
    connections: int,
) -> model.Resource:
    spec, resources = me.spec, postgres.resources(me.spec, connections)
    cluster: model.Manifest = {
        "instances": spec.replicas,
        "imageName": spec.image,
        "inheritedMetadata": {"labels": kube.pod_labels(me, "server", [store])},
        "enablePDB": spec.replicas > 1,
        "postgresql": {
            "parameters": postgres.parameters(
                connections, resources["limits"]["memory"], spec.storage
            ),
            **_synchronous(spec),
        },
        "resources": resources,
        "storage": _storage(me),
    }
    pull = dict.fromkeys((*me.settings.registry.pull_secrets, *spec.pull_secrets))
    if pull:
        cluster["imagePullSecrets"] = [{"name": secret} for secret in pull]
    cluster |= _placement(spec)
    if bindings:
        cluster["managed"] = {"roles": logins.roles(bindings)}
    plan = backups.plan(me)
    if plan is not None:
        cluster |= backups.cluster(me, plan)
    return model.Resource.of(CLUSTER, kube.metadata(me, role="server"), cluster)


def _placement(spec: Spec) -> model.Manifest:
    """The nodes of the pods. A Cluster has the fields of a pod under `affinity`, except the priority."""
    fields = kube.scheduling(spec)
    placement: model.Manifest = {}
    if "priorityClassName" in fields:
        placement["priorityClassName"] = fields.pop("priorityClassName")
    node_affinity = fields.pop("affinity", {})
    if fields or node_affinity:
        placement["affinity"] = {**fields, **node_affinity}
    return placement


def _synchronous(spec: Spec) -> model.Manifest:
    """A commit waits until a replica has it, so that it outlives the primary; without any ready replica
    the primary goes on alone (CloudNativePG 1.30, replication)."""
    if spec.replicas == 1:
        return {}
    return {"synchronous": {"method": "any", "number": 1, "dataDurability": "preferred"}}


def _storage(me: model.Instance[Spec]) -> model.Manifest:
    storage: model.Manifest = {"size": me.spec.storage}
    storage_class = me.spec.storage_class or me.settings.cluster.storage_class
    if storage_class:
        storage["storageClass"] = storage_class
    return storage
