"""Ceph's S3 gateway in a Ceph cluster that Rook runs: an object store, and a claim for each bucket.

A consumer with an exclusive bucket gets it from Rook together with a key (see endpoint.py). A claim
grants one key to one bucket in one namespace. A consumer that shares a bucket, only reads it, has
several buckets or is in several namespaces gets a user with the key of a separate Secret, and the
policies of the buckets grant its rights. The class of the claims retains buckets: removing a bucket
from the spec deletes no data.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from compiler import kube, model
from compiler.components.ceph import buckets, kinds
from compiler.components.ceph.endpoint import Endpoint
from compiler.interfaces import s3
from compiler.spec.types import Name, Namespace

PHASE = model.Phase.STORES
UPSTREAM_NAMESPACE = True
STORE = model.Provides("s3", Endpoint)
PORT, TARGET = 80, 8080  # of the gateway's Service, and of its pods
VERSION = "1.20.6"


class Spec(model.UpstreamSpec):
    """An object store in an existing Ceph cluster."""

    namespace: Annotated[
        Namespace | None,
        Field(description="The namespace of the Ceph cluster, which Rook's operator watches."),
    ] = "rook-ceph"
    store: Annotated[
        Name | None,
        Field(description="An existing object store; default: a new one with the instance's name."),
    ] = None
    replicas: Annotated[
        int, Field(ge=1, le=20, description="The number of gateways of a new store.")
    ] = 2
    copies: Annotated[
        int, Field(ge=1, le=10, description="Copies of each object, on as many hosts.")
    ] = 3
    resources: Annotated[model.Resources, Field(description="Compute of each gateway.")] = (
        model.Resources()
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    store = _name(me)
    return {
        STORE: s3.Offer(
            port=PORT,
            target=TARGET,
            service=f"rook-ceph-rgw-{store}",
            pods={"app": "rook-ceph-rgw", "rook_object_store": store},
        )
    }


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite | None:
    if me.spec.install != "existing":
        return None
    examples = f"https://raw.githubusercontent.com/rook/rook/v{VERSION}/deploy/examples"
    return model.Prerequisite(
        name=me.name,
        system="Rook and a Ceph cluster",
        version=VERSION,
        namespaces=(me.namespace,),
        how=tuple(
            f"kubectl apply --server-side -f {examples}/{file}.yaml"
            for file in ("crds", "common", "csi-operator", "operator", "cluster")
        ),
        objects=(_operator(me),),
    )


def _operator(me: model.Instance[Spec]) -> model.Manifest:
    """Since 1.17 the operator refuses a claim with a policy unless a setting allows it."""
    fields = {"ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS": "maxObjects,maxSize,bucketPolicy"}
    metadata = {"name": "rook-ceph-operator-config", "namespace": me.namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": fields}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    if me.spec.store is None:
        yield _store(me)
    yield from buckets.lower(me, _name(me), wiring.claims(STORE))


def _name(me: model.Instance[Spec]) -> str:
    return me.spec.store or me.name


def _store(me: model.Instance[Spec]) -> model.Resource:
    pool = {"failureDomain": "host", "replicated": {"size": me.spec.copies}}
    gateway = {
        "port": PORT,
        "instances": me.spec.replicas,
        "resources": kube.resources(
            me.spec.resources, cpu="500m", memory="1Gi", cpu_limit="2", memory_limit="2Gi"
        ),
    }
    spec = {
        "metadataPool": pool,
        "dataPool": pool,
        # Deleting the object must not delete the data.
        "preservePoolsOnDelete": True,
        "gateway": gateway,
    }
    return model.Resource.of(kinds.STORE, kube.metadata(me, role="server"), spec)
