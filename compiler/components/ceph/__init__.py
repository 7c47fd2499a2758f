"""Ceph's S3 gateway in a Ceph cluster that Rook runs: an object store, and a claim for each bucket.

A consumer is a user of the store with the key of its own Secret, and the policies of the buckets grant
the user's rights. The class of the claims retains buckets: removing a bucket from the spec deletes no
data.
"""

from collections.abc import Iterator

from pydantic import Field

from compiler import kube, model
from compiler.components.bases import certificate
from compiler.components.bases.authority import authority, require_tls
from compiler.components.ceph import buckets, gateway, kinds
from compiler.interfaces import s3
from compiler.spec.authority import AuthorityForms
from compiler.spec.section import Forms
from compiler.spec.types import Name, Namespace, Port

PHASE = model.Phase.STORES
UPSTREAM_NAMESPACE = True
STORE = model.Provides("s3", s3.Endpoint)
VERSION = "1.20.6"
# The longest name of a store that the operator accepts (1.20.6, pkg/apis/ceph.rook.io/v1/object.go).
LONGEST_NAME = 38


class Spec(model.UpstreamSpec):
    """An object store in an existing Ceph cluster."""

    namespace: Namespace | None = Field(
        default="rook-ceph",
        description="The namespace of the Ceph cluster, which Rook's operator watches.",
    )
    store: Name | None = Field(
        default=None,
        description="An existing object store; default: a new one with the instance's name.",
    )
    port: Port | None = Field(
        default=None, description="The port of the gateway's Service; default 80, or 443 with TLS."
    )
    tls: Forms[bool, gateway.StoreTls] | None = Field(
        default=None,
        description="The gateway's certificate, without which it speaks plain HTTP: "
        "`{issuer: {name: ...}}` or `{secret: ...}`; `true` for an existing store with TLS.",
    )
    ca: AuthorityForms | None = Field(
        default=None,
        description="The authority that signs it: certificates (PEM), `{file: certs/acme.pem}`, or "
        "`{configMap: ..., key: ...}`.",
    )
    replicas: int = Field(
        default=2, ge=1, le=20, description="The number of gateways of a new store."
    )
    copies: int = Field(
        default=3, ge=1, le=10, description="Copies of each object, on as many hosts."
    )
    resources: model.Resources = Field(
        default=model.Resources(), description="Compute of each gateway."
    )

    @property
    def certificate(self) -> gateway.StoreTls | None:
        """The source of a new store's certificate."""
        return self.tls if isinstance(self.tls, gateway.StoreTls) else None

    @property
    def ports(self) -> tuple[int, int]:
        """The ports of the gateway's Service and of its pods."""
        return gateway.ports(self.port, bool(self.tls))

    def check(self) -> None:
        super().check()
        gateway.check(self.store, self.tls, self.ca)
        require_tls(self.ca, bool(self.tls))


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def problems(me: model.Instance[Spec]) -> Iterator[model.Problem]:
    """A name that Rook refuses for a store."""
    if me.spec.store is None and len(me.name) > LONGEST_NAME:
        yield model.Problem(
            "invalid-name",
            f"`{me.name}` is the name of a new store, for which Rook takes at most {LONGEST_NAME} "
            "characters",
            (),
            "shorten it, or name an existing store with `store:`",
        )


def offers(me: model.Instance[Spec]) -> model.Offers:
    port, target = me.spec.ports
    return {
        STORE: s3.Offer(
            port=port,
            target=target,
            scheme="https" if me.spec.tls else "http",
            service=_service(me),
            pods={"app": "rook-ceph-rgw", "rook_object_store": _name(me)},
            ca=authority(me.spec.ca),
            # A claim that is `Bound` stays so while Rook puts a changed policy onto its bucket.
            late_rights=True,
        )
    }


def prerequisites(me: model.Instance[Spec], wiring: model.Wiring) -> model.Prerequisite | None:
    if me.spec.install != "existing":
        return None
    examples = f"https://raw.githubusercontent.com/rook/rook/v{VERSION}/deploy/examples"
    return model.Prerequisite(
        name=me.name,
        system="Rook and a Ceph cluster",
        also=certificate.signers(me.spec.certificate),
        version=VERSION,
        namespaces=(me.namespace,),
        how=tuple(
            f"kubectl apply --server-side -f {examples}/{file}.yaml"
            for file in ("crds", "common", "csi-operator", "operator", "cluster")
        ),
        objects=(_operator(me),),
    )


def _operator(me: model.Instance[Spec]) -> model.Manifest:
    """The operator's settings: it must accept claims with a policy, and the provisioner's name must fit.

    Since 1.17 the operator refuses a claim with a policy unless a setting allows it. The class of the claims
    names a provisioner, whose name contains the operator's namespace.
    """
    fields = {
        "ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS": "maxObjects,maxSize,bucketPolicy",
        "ROOK_OBC_WATCH_OPERATOR_NAMESPACE": "true",
    }
    metadata = {"name": "rook-ceph-operator-config", "namespace": me.namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": fields}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    if me.spec.store is None:
        yield _store(me)
        yield from gateway.certificates(me, _service(me), me.spec.certificate)
    yield from buckets.lower(me, _name(me), wiring.claims(STORE))


def _name(me: model.Instance[Spec]) -> str:
    return me.spec.store or me.name


def _service(me: model.Instance[Spec]) -> str:
    """The Service that Rook makes for a store."""
    return f"rook-ceph-rgw-{_name(me)}"


def _store(me: model.Instance[Spec]) -> model.Resource:
    pool = {"failureDomain": "host", "replicated": {"size": me.spec.copies}}
    port, _ = me.spec.ports
    pods = {
        **gateway.listener(me, port, me.spec.certificate),
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
        "gateway": pods,
    }
    return model.Resource.of(kinds.STORE, kube.metadata(me, role="server"), spec)
