"""PgBouncer as CloudNativePG runs it: a Pooler for a Cluster.

The operator gives it logins, certificates and configuration. Facts about CloudNativePG 1.30: the
Service has the name of the Pooler, and the Pooler must be in its Cluster's namespace.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler import kube, model
from compiler.components.pgbouncer import metrics
from compiler.interfaces import postgresql

# The operator knows its image's user, and sets it.
EXEMPT = {f"exempt.{model.PREFIX}/numeric-user": "the operator sets the user of its image"}
IMAGE = "ghcr.io/cloudnative-pg/pgbouncer:1.25.1"


def _labels(manifest: model.Manifest) -> dict[str, str]:
    """Poolers have the label of their Cluster, as its servers do (pkg/specs/pgbouncer/deployments.go)."""
    return {"cnpg.io/cluster": manifest["spec"]["cluster"]["name"], "cnpg.io/podRole": "pooler"}


POOLER = model.CustomResource(
    api="postgresql.cnpg.io/v1",
    kind="Pooler",
    pods=model.OperatorWorkload(
        ("spec", "template", "metadata", "labels"), "cnpg.io/poolerName", added_labels=_labels
    ),
    # internal/controller/pooler_update.go: it changes the whole spec of a Deployment that has the name.
    makes=("Deployment", "Service", "ServiceAccount", "Role", "RoleBinding"),
    replicas="instances",
    immutable=("spec/cluster(/.*)?",),
)


def lower(
    me: model.Instance[Any], upstream: postgresql.Endpoint, pool_size: int, most_clients: int
) -> Iterator[model.Piece]:
    spec = me.spec
    operator = upstream.offer.operator
    assert operator is not None, me.name
    parameters = {
        "default_pool_size": str(pool_size),
        "max_client_conn": str(most_clients),
        "query_wait_timeout": "30",
    }
    pooler = {
        "cluster": {"name": upstream.binding.provider.name},
        "instances": spec.replicas,
        "type": "rw",
        "pgbouncer": {
            # The operator controls PgBouncer by a program that only its image contains.
            "image": IMAGE if spec.image == type(spec)().image else spec.image,
            "poolMode": "transaction",
            "parameters": parameters,
        },
        "template": _template(me, upstream),
    }
    metadata = {**kube.metadata(me, role="server"), "annotations": EXEMPT}
    yield model.Resource.of(POOLER, metadata, pooler)
    pods = model.OperatorPods("poolers", {operator.pooler_label: me.name})
    yield kube.api_server(me, pods)
    yield model.Metrics(pods=pods, port=metrics.PORT, alerts=(metrics.OPERATED,))


def _template(me: model.Instance[Any], upstream: postgresql.Endpoint) -> model.Manifest:
    """The differences to the pods that the operator creates by default."""
    container = {
        "name": "pgbouncer",
        "resources": kube.resources(
            me.spec.resources, cpu="50m", memory="64Mi", cpu_limit="1", memory_limit="256Mi"
        ),
        "securityContext": kube.LOCKED,
    }
    spec = {
        "containers": [container],
        "enableServiceLinks": False,
        "securityContext": kube.UNPRIVILEGED,
        **kube.scheduling(me.spec),
        **kube.pull_secrets(me, own_account=False),
    }
    return {"metadata": {"labels": kube.pod_labels(me, "server", [upstream])}, "spec": spec}
