"""`diff`: each labelled change is rated as it should be, and none that loses data any lower."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.custom_resources import as_resource, custom_resources
from support.paths import ROOT, SCENARIOS

from compiler import pipeline
from compiler.diff import Cause, Change, worst
from compiler.diff.compare import compare
from compiler.diff.fields import differences
from compiler.diff.immutable import refused
from compiler.diff.risk import of_addition, of_field, of_removal
from compiler.model.effects import Judgement, Risk
from compiler.pipeline import Compilation

GONE = object()
NO_OP, RELOAD, RESTART = Risk.NO_OP, Risk.RELOAD, Risk.RESTART
DOWNTIME, DATA_LOSS = Risk.DOWNTIME, Risk.DATA_LOSS

SPEC: dict[str, Any] = {
    "apiVersion": "platformc/v1alpha1",
    "kind": "Platform",
    "metadata": {"name": "changing"},
    "spec": {
        "components": {
            "minio": {"namespace": "storage", "replicas": 4, "storage": "100Gi"},
            "postgres": {"storage": "50Gi", "maxConnections": 300},
            "pgbouncer": {"replicas": 2},
            "mlflow": {"replicas": 2, "smoke": False},
        },
        "workloads": {
            "training": {
                "image": "registry.example.internal/training:1.4.0",
                "schedule": "0 2 * * *",
                "uses": ["mlflow"],
                "volumes": {"data": {"mountPath": "/data", "claim": "datasets"}},
            },
            "report": {"image": "registry.example.internal/report:2.0.1", "run": "once"},
        },
    },
}
Edits = Mapping[str, Any]


def edited(edits: Edits) -> dict[str, Any]:
    """The spec with some dotted paths set, or gone."""
    spec = copy.deepcopy(SPEC)
    for path, value in edits.items():
        *parents, key = path.split(".")
        node = spec
        for parent in parents:
            node = node.setdefault(parent, {})
        if value is GONE:
            del node[key]
        else:
            node[key] = value
    return spec


def compiled(spec: dict[str, Any], file: str = "new.yaml") -> Compilation:
    result = pipeline.compile(json.dumps(spec, indent=1).encode(), file)
    assert not result.report.failed, result.report.sorted()
    return result


@cache
def original() -> Compilation:
    return compiled(SPEC, "old.yaml")


def changes(edits: Edits) -> tuple[Change, ...]:
    return compare(original(), compiled(edited(edits)))


def patch(kind: str, name: str, path: str, value: Any, op: str = "replace") -> list[Any]:
    operation = {"op": op, "path": path, "value": value}
    return [{"target": {"kind": kind, "name": name}, "operations": [operation]}]


C, W = "spec.components", "spec.workloads"
MINIO, POSTGRES, POOLER, MLFLOW = (
    f"{C}.{component}" for component in ("minio", "postgres", "pgbouncer", "mlflow")
)
POD = "/spec/template/spec"
POSTGRES_IMAGE = "docker.io/library/postgres:17.9-bookworm"
ADOPTED = {
    "type": "postgres", "image": POSTGRES_IMAGE, "storage": "50Gi", "maxConnections": 300,
    "adopt": {"service": "postgres", "claim": "data-postgres-0", "secret": "postgres-superuser"},
}  # fmt: skip


def adopted_claim(claim: str, **adopted: str) -> Edits:
    """The edits by which the PostgreSQL takes over a volume."""
    section = {"claim": claim, "secret": "postgres-superuser", **adopted}
    return {f"{POSTGRES}.adopt": section, f"{POSTGRES}.image": POSTGRES_IMAGE}


ADOPTED_DATA = {"service": "mlflow", "database": "mlflow", "bucket": "mlflow"}
TRACKING = {
    MLFLOW: GONE,
    f"{C}.tracking": {"type": "mlflow", "replicas": 2, "smoke": False, "adopt": ADOPTED_DATA},
    f"{W}.training.uses": ["tracking"],
}
LABELLED: dict[str, tuple[Edits, Risk]] = {
    "nothing": ({}, NO_OP),
    "the same amount, written otherwise": ({f"{MINIO}.storage": "102400Mi"}, NO_OP),
    "a default, written out": ({f"{POOLER}.type": "pgbouncer"}, NO_OP),
    "a label of a component": ({f"{MLFLOW}.labels": {"team": "ml"}}, NO_OP),
    "a label of everything": ({"metadata.labels": {"team": "ml"}}, NO_OP),
    "an update strategy": ({f"{MLFLOW}.patches": patch(
        "Deployment", "mlflow", "/spec/minReadySeconds", 5, "add")}, NO_OP),
    "a disruption budget": ({f"{MLFLOW}.patches": patch(
        "PodDisruptionBudget", "mlflow", "/spec/maxUnavailable", 2)}, NO_OP),
    "one more pooler, with smaller pools": ({f"{POOLER}.replicas": 3}, RESTART),
    "a schedule": ({f"{W}.training.schedule": "0 3 * * *"}, RELOAD),
    "a schedule that is paused": ({f"{W}.training.schedule": GONE}, RELOAD),
    "a training image": ({f"{W}.training.image": "registry.example.internal/training:1.5.0"}, RELOAD),
    "a job's image": ({f"{W}.report.image": "registry.example.internal/report:2.0.2"}, RELOAD),
    "a job's variable": ({f"{W}.report.env": {"A": "1"}}, RELOAD),
    "an MLflow release": ({f"{MLFLOW}.image": "ghcr.io/mlflow/mlflow:v3.17.3-full"}, RESTART),
    "an MLflow worker more": ({f"{MLFLOW}.workers": 3}, RESTART),
    "memory of a server": ({f"{MLFLOW}.resources": {"limits": {"memory": "4Gi"}}}, RESTART),
    "the nodes of a server": ({f"{MLFLOW}.nodeSelector": {"disk": "ssd"}}, RESTART),
    "taints of a server": ({f"{MLFLOW}.tolerations": [{"key": "ml", "operator": "Exists"}]}, RESTART),
    "artefacts through the server": ({f"{MLFLOW}.artifacts": "proxied"}, DOWNTIME),
    "the domain, without a gateway": ({"spec.domain": "ml.example.org"}, NO_OP),
    "a store's release of the same year": (
        {f"{MINIO}.image": "quay.io/minio/minio:RELEASE.2025-09-08T00-00-00Z"}, RESTART),
    "memory of a store of four": ({f"{MINIO}.resources": {"limits": {"memory": "4Gi"}}}, RESTART),
    "a database server's connections": ({f"{POSTGRES}.maxConnections": 400}, DOWNTIME),
    "a database server's memory": ({f"{POSTGRES}.resources": {"limits": {"memory": "8Gi"}}}, DOWNTIME),
    "a database server's major release": ({f"{POSTGRES}.image": "postgres:18.1-bookworm"}, DATA_LOSS),
    "a larger volume": ({f"{POSTGRES}.storage": "60Gi"}, DOWNTIME),
    "larger volumes of a set": ({f"{MINIO}.storage": "200Gi"}, DOWNTIME),
    "a mirror": ({"spec.registry": {"mirror": "mirror.example.internal:5000"}}, DOWNTIME),
    "other credentials": ({"spec.secrets": {"provider": "existing"}}, DOWNTIME),
    "no pooler any more": ({POOLER: GONE}, DOWNTIME),
    "no MLflow any more": (
        {MLFLOW: GONE, f"{W}.training.uses": [], f"{POOLER}": GONE}, DATA_LOSS),
    "a server with another name, on its volume": ({POSTGRES: GONE, f"{C}.db": ADOPTED}, DOWNTIME),
    "a server with another name, on a new volume": (
        {POSTGRES: GONE, f"{C}.db": {**ADOPTED, "adopt": {"service": "postgres"}}}, DATA_LOSS),
    "a volume of its own, adopted": (adopted_claim("data-postgres-0"), DOWNTIME),
    "another volume, adopted": (adopted_claim("postgres-data"), DATA_LOSS),
    "another folder of a volume": (adopted_claim("data-postgres-0", folder="pg"), DATA_LOSS),
    "an MLflow with another name, on its data": (TRACKING, DOWNTIME),
    "an MLflow with another name, without its data": (
        {**TRACKING, f"{C}.tracking": {"type": "mlflow", "smoke": False}}, DATA_LOSS),
    "no training any more": ({f"{W}.training": GONE}, DOWNTIME),
    "a server at rest": ({f"{MLFLOW}.patches": patch(
        "Deployment", "mlflow", "/spec/replicas", 0)}, DOWNTIME),
    "a server that stops before it starts": ({f"{MLFLOW}.patches": [*patch(
        "Deployment", "mlflow", "/spec/strategy", {"type": "Recreate"}, "add"), *patch(
        "Deployment", "mlflow", f"{POD}/terminationGracePeriodSeconds", 5, "add")]}, DOWNTIME),
    "the port of a Service": ({f"{MLFLOW}.patches": patch(
        "Service", "mlflow", "/spec/ports/0/port", 5001)}, DOWNTIME),
    "the kind of a Service": ({f"{MLFLOW}.patches": patch(
        "Service", "mlflow", "/spec/type", "NodePort", "add")}, RELOAD),
    "how servers of a set start": ({f"{MINIO}.patches": patch(
        "StatefulSet", "minio", "/spec/podManagementPolicy", "OrderedReady", "add")}, DOWNTIME),
    "a smaller volume": ({f"{POSTGRES}.storage": "40Gi"}, DATA_LOSS),
    "smaller volumes of a set": ({f"{MINIO}.storage": "50Gi"}, DATA_LOSS),
    "more servers of an erasure set": ({f"{MINIO}.replicas": 8}, DATA_LOSS),
    "one server of an erasure set": ({f"{MINIO}.replicas": 1}, DATA_LOSS),
    "another name of MLflow alone": ({MLFLOW: GONE, f"{C}.tracking": {
        "type": "mlflow", "smoke": False}, f"{W}.training.uses": []}, DATA_LOSS),
    "a store in another namespace": ({f"{MINIO}.namespace": "elsewhere"}, DATA_LOSS),
    "a database server in another namespace": ({f"{POSTGRES}.namespace": "data"}, DATA_LOSS),
    "everything in another namespace": ({"spec.namespace": "ml"}, DATA_LOSS),
    "another store": ({MINIO: GONE, f"{C}.seaweedfs": {}}, DATA_LOSS),
    "another store under the same name": ({f"{MINIO}": {
        "type": "seaweedfs", "namespace": "storage"}}, DATA_LOSS),
    "a store outside": ({MINIO: GONE, f"{C}.store": {
        "type": "external-s3", "host": "s3.example.org"}}, DATA_LOSS),
    "another name of the database server": ({POSTGRES: GONE, f"{C}.db": {
        "type": "postgres", "maxConnections": 300}}, DATA_LOSS),
    "a database server outside": ({f"{POSTGRES}": {
        "type": "external-postgres", "host": "pg.example.org"}}, DATA_LOSS),
    "another database": ({f"{MLFLOW}.database": "tracking"}, DATA_LOSS),
    "another bucket": ({f"{MLFLOW}.bucket": "artefacts"}, DATA_LOSS),
    "another name of MLflow": ({MLFLOW: GONE, f"{C}.tracking": {
        "type": "mlflow", "smoke": False}, f"{W}.training.uses": ["tracking"]}, DATA_LOSS),
    "a second database server that MLflow binds to": ({
        POOLER: GONE, f"{C}.db2": {"type": "postgres"},
        f"{MLFLOW}.bind": {"backend-store": "db2"}}, DATA_LOSS),
    "another storage class": ({"spec.cluster": {"storageClass": "fast"}}, DATA_LOSS),
    "another cluster": ({"spec.cluster": {"name": "other"}}, DATA_LOSS),
    "another claim of a workload": ({f"{W}.training.volumes": {"data": {
        "mountPath": "/data", "claim": "datasets-2"}}}, DATA_LOSS),
    "scratch space in place of a claim": ({f"{W}.training.volumes": {"data": {
        "mountPath": "/data", "size": "1Gi"}}}, DATA_LOSS),
    "volumes that go with their pods": ({f"{MINIO}.patches": patch(
        "StatefulSet", "minio", "/spec/persistentVolumeClaimRetentionPolicy",
        {"whenDeleted": "Delete", "whenScaled": "Delete"}, "add")}, DATA_LOSS),
    "where a volume is mounted": ({f"{MINIO}.patches": patch(
        "StatefulSet", "minio", f"{POD}/containers/0/volumeMounts/0/mountPath", "/other")}, DATA_LOSS),
    "where the database server looks": ({f"{POSTGRES}.patches": patch(
        "StatefulSet", "postgres", f"{POD}/containers/0/env/2",
        {"name": "PGDATA", "value": "/tmp/data"})}, DATA_LOSS),
    "an environment in another cluster's place": ({"spec.environments": {"prod": {}}}, DATA_LOSS),
}  # fmt: skip


@pytest.mark.parametrize("label", LABELLED)
def test_a_change_of_the_spec_is_rated(label: str) -> None:
    edits, expected = LABELLED[label]
    actual = changes(edits)
    risk = worst(change.risk for change in actual)
    assert risk == expected, [(change.title, change.risk.label) for change in actual]


def test_there_are_enough_labels() -> None:
    assert len(LABELLED) + len(MANIFESTS) >= 40
    assert sum(risk is DATA_LOSS for _, risk in LABELLED.values()) >= 15


APIS = {
    custom_resource.kind: custom_resource.api for custom_resource in custom_resources().values()
}


def object_of(kind: str, api: str = "v1", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": APIS.get(kind, api),
        "kind": kind,
        "metadata": {"name": "it", "namespace": "ml"},
        "spec": spec,
    }


def cluster(**spec: Any) -> dict[str, Any]:
    cluster_object = object_of("Cluster", "postgresql.cnpg.io/v1", **{
        "instances": 3, "imageName": "ghcr.io/cloudnative-pg/postgresql:17.5",
        "storage": {"size": "10Gi"}, **spec,
    })  # fmt: skip
    cluster_object["metadata"]["labels"] = {"app.kubernetes.io/name": "cloudnative-pg"}
    return cluster_object


def model(**spec: Any) -> dict[str, Any]:
    return object_of("InferenceService", "serving.kserve.io/v1beta1", predictor={
        "minReplicas": 1, "model": {"storageUri": "s3://models/a/v1"}, **spec,
    })  # fmt: skip


def in_mode(mode: str, manifest: dict[str, Any]) -> dict[str, Any]:
    annotations = {"serving.kserve.io/deploymentMode": mode}
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": annotations}}


def labelled(manifest: dict[str, Any]) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "labels": {"team": "ml"}}}


def claim(size: str = "10Gi", **spec: Any) -> dict[str, Any]:
    return object_of("PersistentVolumeClaim", resources={"requests": {"storage": size}}, **spec)


def stateful(**spec: Any) -> dict[str, Any]:
    container = {"name": "main", "image": "a/b:1.2", "volumeMounts": [
        {"name": "data", "mountPath": "/data"}]}  # fmt: skip
    template = {"spec": {"containers": [container]}}
    volume = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    return object_of("StatefulSet", "apps/v1", **{
        "replicas": 3, "serviceName": "it", "template": template, "volumeClaimTemplates": [volume],
        **spec,
    })  # fmt: skip


def ceph(size: int = 3, **spec: Any) -> dict[str, Any]:
    return object_of("CephObjectStore", "ceph.rook.io/v1", **{
        "dataPool": {"replicated": {"size": size}}, "gateway": {"instances": 1}, **spec,
    })  # fmt: skip


PLUGINS = [{"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True}]
MANIFESTS: dict[str, tuple[dict[str, Any], dict[str, Any], Risk]] = {
    "a model's new version": (
        model(), model(model={"storageUri": "s3://models/a/v2"}), RESTART),
    "a model's replicas": (
        in_mode("Standard", model()), in_mode("Standard", model(minReplicas=2)), RELOAD),
    "a model's replicas on Knative": (
        in_mode("Knative", model()), in_mode("Knative", model(minReplicas=2)), RESTART),
    "a model's requests at a time on Knative": (
        in_mode("Knative", model()), in_mode("Knative", model(containerConcurrency=2)), RESTART),
    "a model's canary": (model(), model(canaryTrafficPercent=10), RELOAD),
    "a model's label, which its pods have too": (model(), labelled(model()), RESTART),
    "a model's deployment mode": (
        in_mode("Knative", model()), in_mode("Standard", model()), DOWNTIME),
    "a larger claim": (claim(), claim("20Gi"), RELOAD),
    "a smaller claim": (claim(), claim("5Gi"), DATA_LOSS),
    "another class of a claim": (claim(), claim(storageClassName="b"), DATA_LOSS),
    "another mode of a claim": (claim(), claim(accessModes=["ReadWriteMany"]), DATA_LOSS),
    "a larger operator's volume": (cluster(), cluster(storage={"size": "20Gi"}), RELOAD),
    "a smaller operator's volume": (cluster(), cluster(storage={"size": "5Gi"}), DATA_LOSS),
    "an operator's own backups to its plugin": (
        cluster(backup={"retentionPolicy": "30d"}), cluster(plugins=PLUGINS), RESTART),
    "a single server's backups to the plugin": (
        cluster(instances=1, backup={"retentionPolicy": "30d"}),
        cluster(instances=1, plugins=PLUGINS), DOWNTIME),
    "another place for an operator's backups": (
        object_of("ObjectStore", configuration={"destinationPath": "s3://a/"}),
        object_of("ObjectStore", configuration={"destinationPath": "s3://b/"}), RELOAD),
    "a shorter retention of an operator's backups": (
        object_of("ObjectStore", retentionPolicy="30d"), object_of("ObjectStore", retentionPolicy="7d"),
        DATA_LOSS),
    "a longer retention of an operator's backups": (
        object_of("ObjectStore", retentionPolicy="30d"), object_of("ObjectStore", retentionPolicy="5w"),
        RELOAD),
    "an end of the retention of an operator's backups": (
        object_of("ObjectStore", retentionPolicy="30d"), object_of("ObjectStore"), RELOAD),
    "an archive that a new cluster is made from": (
        cluster(), cluster(bootstrap={"recovery": {"source": "archive"}}), NO_OP),
    "an operator's minor release": (
        cluster(), cluster(imageName="ghcr.io/cloudnative-pg/postgresql:17.6"), RESTART),
    "an operator's major release": (
        cluster(), cluster(imageName="ghcr.io/cloudnative-pg/postgresql:18.0"), DOWNTIME),
    "one more instance": (cluster(), cluster(instances=4), RELOAD),
    "commits that wait for a replica": (
        cluster(postgresql={"parameters": {}}),
        cluster(postgresql={"parameters": {}, "synchronous": {"method": "any", "number": 1}}), RELOAD),
    "parameters of a cluster": (
        cluster(), cluster(postgresql={"parameters": {"work_mem": "1MB"}}), RESTART),
    "parameters of an only instance": (
        cluster(instances=1), cluster(instances=1, postgresql={"parameters": {}}), DOWNTIME),
    "another pool": (ceph(), ceph(2), DATA_LOSS),
    "a pool that goes with its store": (
        ceph(preservePoolsOnDelete=True), ceph(preservePoolsOnDelete=False), DATA_LOSS),
    "another listener of a gateway": (
        ceph(gateway={"port": 80}), ceph(gateway={"securePort": 443}), DOWNTIME),
    "another bucket's name": (
        object_of("ObjectBucketClaim", bucketName="a"), object_of("ObjectBucketClaim", bucketName="b"), DATA_LOSS),
    "one more user of a bucket": (
        object_of("ObjectBucketClaim", bucketName="a", additionalConfig={"bucketPolicy": "{}"}),
        object_of("ObjectBucketClaim", bucketName="a", additionalConfig={"bucketPolicy": "{ }"}), RELOAD),
    "fewer servers with volumes": (stateful(), stateful(replicas=2), DATA_LOSS),
    "more servers with volumes": (stateful(), stateful(replicas=4), RELOAD),
    "a set's Service": (stateful(), stateful(serviceName="other"), DOWNTIME),
    "a set without its volumes": (stateful(), stateful(volumeClaimTemplates=[]), DATA_LOSS),
    "a set with volumes of its own": (stateful(volumeClaimTemplates=[]), stateful(), DOWNTIME),
    "a database that goes with its object": (
        object_of("Database", databaseReclaimPolicy="retain"),
        object_of("Database", databaseReclaimPolicy="delete"), DATA_LOSS),
    "another bucket of a claim": (
        object_of("ObjectBucketClaim", bucketName="a"), object_of("ObjectBucketClaim", bucketName="b"),
        DATA_LOSS),
    "a policy": (
        object_of("NetworkPolicy", ingress=[]), object_of("NetworkPolicy", ingress=[{}]), RELOAD),
    "one more address of a route": (
        object_of("VirtualService", hosts=["a"]), object_of("VirtualService", hosts=["a", "b"]), RELOAD),
    "another address of a route": (
        object_of("VirtualService", hosts=["a"]), object_of("VirtualService", hosts=["b"]), DOWNTIME),
    "a stricter mesh": (
        object_of("PeerAuthentication", mtls={"mode": "PERMISSIVE"}),
        object_of("PeerAuthentication", mtls={"mode": "STRICT"}), DOWNTIME),
    "one more port of a Service": (
        object_of("Service", ports=[{"name": "a", "port": 1}]),
        object_of("Service", ports=[{"name": "a", "port": 1}, {"name": "b", "port": 2}]), RELOAD),
    "a port of a Service that is now another": (
        object_of("Service", ports=[{"name": "a", "port": 1}]),
        object_of("Service", ports=[{"name": "a", "port": 2}, {"name": "b", "port": 1}]), DOWNTIME),
    "a port less of a Service": (
        object_of("Service", ports=[{"name": "a", "port": 1}, {"name": "b", "port": 2}]),
        object_of("Service", ports=[{"name": "a", "port": 1}]), DOWNTIME),
    "a role in an only instance": (
        cluster(instances=1), cluster(instances=1, managed={"roles": [{"name": "a"}]}), RELOAD),
    "a label of an only instance": (
        cluster(instances=1), cluster(instances=1, inheritedMetadata={"labels": {"a": "b"}}), RELOAD),
    "replicas of an only instance": (
        cluster(instances=1, enablePDB=False), cluster(instances=3, enablePDB=True), RELOAD),
    "memory of an only instance": (
        cluster(instances=1), cluster(instances=1, resources={"limits": {"memory": "2Gi"}}), DOWNTIME),
    "the address of a Service": (
        object_of("Service", clusterIP="None"), object_of("Service"), DOWNTIME),
    "a Service that is no longer open": (
        object_of("Service", type="NodePort"), object_of("Service", type="ClusterIP"), DOWNTIME),
    "a Service that is a name for another": (
        object_of("Service", type="ClusterIP"), object_of("Service", type="ExternalName"), DOWNTIME),
    "the Secret of an ExternalSecret": (
        object_of("ExternalSecret", target={"name": "a"}),
        object_of("ExternalSecret", target={"name": "b"}), DOWNTIME),
}  # fmt: skip


@pytest.mark.parametrize("label", MANIFESTS)
def test_a_change_of_an_object_is_rated(label: str) -> None:
    before, after, expected = MANIFESTS[label]
    actual = list(differences(before, after))
    assert actual
    assert (
        worst(of_field(field, as_resource(before), as_resource(after)).risk for field in actual)
        == expected
    )


def test_what_a_cluster_refuses_is_never_rated_low() -> None:
    for label in LABELLED:
        for change in changes(LABELLED[label][0]):
            assert change.risk >= DOWNTIME or not change.recreation, (label, change.title)
    for before, after, _ in MANIFESTS.values():
        for field in differences(before, after):
            if refused(before["kind"], field, as_resource(before).custom):
                assert of_field(field, as_resource(before), as_resource(after)).risk >= DOWNTIME, (
                    field
                )


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (claim(), DATA_LOSS),
        (cluster(), DATA_LOSS),
        (ceph(), DATA_LOSS),
        (stateful(), DATA_LOSS),
        (stateful(volumeClaimTemplates=[]), DOWNTIME),
        (object_of("Namespace"), DATA_LOSS),
        (object_of("CustomResourceDefinition"), DATA_LOSS),
        (object_of("ObjectBucketClaim"), DATA_LOSS),
        (object_of("ExternalSecret"), NO_OP),
        (object_of("Password"), NO_OP),
        (model(), DOWNTIME),
        (object_of("Deployment"), DOWNTIME),
        (object_of("Service"), DOWNTIME),
        (object_of("CronJob"), DOWNTIME),
        (object_of("NetworkPolicy"), RELOAD),
        (object_of("Job"), NO_OP),
        (object_of("PodDisruptionBudget"), NO_OP),
    ],
    ids=lambda parameter: parameter["kind"] if isinstance(parameter, dict) else parameter.name,
)
def test_a_removal_is_rated(manifest: dict[str, Any], expected: Risk) -> None:
    assert of_removal(as_resource(manifest)).risk == expected


def test_an_addition_disturbs_nothing_but_by_a_rule() -> None:
    assert of_addition(as_resource(object_of("Deployment"))).risk is NO_OP
    assert of_addition(as_resource(object_of("NetworkPolicy"))).risk is RELOAD


def test_a_model_that_is_new_with_a_canary_is_told_of() -> None:
    predictor = {"canaryTrafficPercent": 20}
    new = object_of("InferenceService", predictor=predictor)
    assert "no version before it" in of_addition(as_resource(new)).reason


def named(actual: tuple[Change, ...], title: str) -> Change:
    matching = [change for change in actual if change.title == title]
    assert len(matching) == 1, [change.title for change in actual]
    return matching[0]


def test_each_change_names_the_line_that_it_comes_from() -> None:
    """Two sections change; their effects are separate, across bindings too."""
    actual = changes({f"{POSTGRES}.maxConnections": 400, f"{MLFLOW}.workers": 3})
    server = named(actual, "Deployment mlops/mlflow")
    assert [cause.path for cause in server.causes] == [f"{MLFLOW}.workers"]
    database = named(actual, "StatefulSet mlops/postgres")
    assert [cause.path for cause in database.causes] == [f"{POSTGRES}.maxConnections"]
    pools = named(actual, "ConfigMap mlops/pgbouncer")
    assert {cause.path for cause in pools.causes} == {f"{POSTGRES}.maxConnections"}
    text = json.dumps(edited({f"{POSTGRES}.maxConnections": 400, f"{MLFLOW}.workers": 3}), indent=1)
    line = 1 + text.splitlines().index('    "workers": 3')
    assert server.causes[0].place == f"new.yaml:{line}"


MODELS = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: one}
spec:
  components: {seaweedfs: {}, istio: {}, knative: {}, kserve: {MODE}}
  models:
    churn: {format: sklearn, uri: "s3://models/churn/CHURN"}
    fraud: {format: xgboost, uri: "s3://models/fraud/v1", minReplicas: FRAUD}
"""


def of_models(**words: str) -> Compilation:
    text = MODELS
    for word, value in {"MODE": "", "CHURN": "v1", "FRAUD": "1", **words}.items():
        text = text.replace(word, value)
    return pipeline.compile(text.encode(), "new.yaml")


def test_models_change_like_everything_else_each_by_its_own_section() -> None:
    actual = compare(of_models(), of_models(CHURN="v2", FRAUD="2"))
    assert {(change.title, change.risk, change.causes[0].path) for change in actual} == {
        ("InferenceService mlops/churn", RESTART, "spec.models.churn.uri"),
        ("InferenceService mlops/fraud", RESTART, "spec.models.fraud.minReplicas"),
    }


def test_what_all_models_share_changes_them_all() -> None:
    actual = compare(of_models(), of_models(MODE="mode: standard"))
    for name in ("churn", "fraud"):
        change = named(actual, f"InferenceService mlops/{name}")
        assert [cause.path for cause in change.causes] == ["spec.components.kserve.mode"]
        assert change.recreation


@pytest.mark.parametrize(("mode", "risk"), [("standard", RELOAD), ("serverless", RESTART)])
def test_the_bounds_of_a_model_are_in_its_revision_on_knative(mode: str, risk: Risk) -> None:
    models = {"MODE": f"mode: {mode}", "FRAUD": "1, maxReplicas: 2"}
    actual = compare(of_models(**models), of_models(**{**models, "FRAUD": "1, maxReplicas: 3"}))
    assert named(actual, "InferenceService mlops/fraud").risk is risk


def test_a_component_says_which_field_tells_whose_data_it_sees() -> None:
    text = (SCENARIOS / "feast-file" / "platform.yaml").read_text()
    spec = YAML(typ="safe").load(text)
    name, *_ = [name_of_component for name_of_component, section in spec["spec"]["components"].items()
                  if (section or {}).get("type", name_of_component) == "feast"]  # fmt: skip
    before = compiled(spec)
    spec["spec"]["components"][name] = {**spec["spec"]["components"][name], "project": "another"}
    actual = compare(before, compiled(spec))
    project = next(change for change in actual if change.title == f"Component {name}")
    assert project.risk is DATA_LOSS
    assert [cause.path for cause in project.causes] == [f"{C}.{name}.project"]


def test_experiments_keep_the_address_of_their_artefacts() -> None:
    """MLflow stores it when an experiment is created (3.17.2, create_experiment)."""
    direct, proxied = original(), compiled(edited({f"{MLFLOW}.artifacts": "proxied"}))
    for before, after, address in (
        (direct, proxied, "s3://"),
        (proxied, direct, "mlflow-artifacts:/"),
    ):
        change = named(compare(before, after), "Component mlflow")
        assert change.risk is DOWNTIME
        assert f"`{address}...`" in change.judgements[0].reason
        assert "write the new addresses" in change.judgements[0].remedy


def test_what_is_gone_is_shown_where_it_was() -> None:
    actual = changes({f"{W}.report": GONE})
    assert {change.causes[0].path for change in actual} == {f"{W}.report"}
    assert {change.causes[0].place.split(":")[0] for change in actual} == {"old.yaml"}


LASTING = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: lasting}
spec:
  secrets: {SECRETS}
  COPIES
  components: {seaweedfs: {}, postgres: {}, COMPONENT}
"""
STORE = "provider: external-secrets, store: {name: vault}"


@pytest.mark.parametrize(
    ("old", "new", "remedy"),
    [
        ("provider: local", "provider: external-secrets", "a store that has the present values of NAME"),
        ("provider: local", "provider: sops", "first write NAME with the present values into secrets/"),
        ("provider: sops", "provider: existing", "make NAME with the present values"),
        ("provider: external-secrets", "provider: local", "which keeps these Secrets"),
        ("provider: local", STORE, "into `vault`, at "),
        ("provider: external-secrets", STORE, "into `vault`, at "),
        (STORE, STORE.replace("vault", "vault2"), "into `vault2`, at "),
        (STORE, STORE.replace("vault", "vault, prefix: other"), "at `other/"),
        (STORE, STORE.replace("vault", "vault, kind: SecretStore"), "into `vault`, at "),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("component", "copies", "name", "reason"),
    [
        ("mlflow: {smoke: false}", "", "", ""),
        ("lakefs: {}", "", "lakefs-keys", "lakeFS has encrypted the credentials"),
        ("copies: {type: external-s3, host: s3.example.com}", "backup: {to: copies, encrypt: true}",
         "postgres-backup-key", "copies that exist are encrypted with it"),
    ],
)  # fmt: skip
def test_another_source_of_credentials_loses_what_old_values_encrypt(
    old: str, new: str, remedy: str, component: str, copies: str, name: str, reason: str
) -> None:
    text = LASTING.replace("COMPONENT", component).replace("COPIES", copies)
    before, after = (
        pipeline.compile(text.replace("SECRETS", secrets).encode(), "platform.yaml")
        for secrets in (old, new)
    )
    assert not after.report.failed, after.report.sorted()
    change = named(compare(before, after), "Credentials of the environment")
    (judgement,) = change.judgements
    assert judgement.risk is (DATA_LOSS if name else DOWNTIME)
    assert f"`{name}`" in judgement.reason or not name
    assert reason in judgement.reason
    if name:
        assert remedy.partition("NAME")[0] in judgement.remedy
    assert judgement.remedy


def test_a_store_under_another_name_of_the_platform_has_other_entries() -> None:
    """The default of `prefix` has the platform's name."""
    text = (
        LASTING.replace("COMPONENT", "lakefs: {}").replace("COPIES", "").replace("SECRETS", STORE)
    )
    before, after = (
        pipeline.compile(content.encode(), "platform.yaml")
        for content in (text, text.replace("name: lasting", "name: other"))
    )
    change = named(compare(before, after), "Credentials of the environment")
    assert change.risk is DATA_LOSS
    assert "at `other/" in change.judgements[0].remedy


def test_a_renamed_instance_makes_values_that_may_never_change_anew() -> None:
    """Its database keeps its name, but the Secret with the key has the name of the instance."""
    text = LASTING.replace("COPIES", "").replace("SECRETS", "provider: local")
    named_so, renamed_so = "lakefs: {}", "lake: {type: lakefs, database: lakefs, bucket: lakefs}"
    before, after = (
        pipeline.compile(text.replace("COMPONENT", component).encode(), "platform.yaml")
        for component in (named_so, renamed_so)
    )
    assert not after.report.failed, after.report.sorted()
    actual = compare(before, after)
    assert any(change.action == "kept" for change in actual)
    (judgement,) = named(actual, "Credentials of lake").judgements
    assert judgement.risk is DATA_LOSS
    assert "lakeFS has encrypted" in judgement.reason
    assert "first give `lake-keys` the present values of `lakefs-keys`" in judgement.remedy


def test_the_credentials_of_a_removed_workload_are_no_data() -> None:
    spec = edited({"spec.secrets": {"provider": "external-secrets"}})
    before = compiled(copy.deepcopy(spec))
    del spec["spec"]["workloads"]["training"]
    removed = [
        change
        for change in compare(before, compiled(spec))
        if change.kind == "ExternalSecret" and change.action == "removed"
    ]
    assert removed
    assert {change.risk for change in removed} == {NO_OP}


def test_a_login_whose_consumer_is_gone_is_told_of_with_what_shuts_it_out() -> None:
    actual = changes({MLFLOW: GONE, f"{W}.training": GONE})
    database = named(actual, "Login mlflow-backend-store of postgres")
    assert (database.action, database.risk) == ("left behind", NO_OP)
    assert database.judgements[0].remedy == (
        "kubectl exec -n mlops statefulset/postgres -c postgres -- "
        """psql -U postgres -c 'ALTER ROLE "mlflow-backend-store" NOLOGIN'"""
    )
    assert (
        "--policy mlflow-artifacts"
        in named(actual, "Login mlflow-artifacts of minio").judgements[0].remedy
    )
    assert [cause.path for cause in database.causes] == [MLFLOW]
    # Users in a file are those of the spec; and a renamed user leaves a login, too.
    assert not any("of redis" in change.title for change in actual)


SERVERS = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: servers}
spec:
  backup: {to: copies}
  components:
    copies: {type: external-s3, host: s3.example.com}
    minio: {}
    mysql: {}
    postgres: {}
    seaweedfs: {}
    monitoring: {}
"""


@pytest.mark.parametrize(
    ("removed", "commands"),
    [
        ("  backup: {to: copies}\n", {
            "Login postgres-backup of postgres": """psql -U postgres -c 'ALTER ROLE "platformc_backup" NOLOGIN'""",
            "Login mysql-backup of mysql": """'ALTER USER "platformc_backup"@"%" ACCOUNT LOCK'""",
            "Login minio-backup of minio": "--policy minio-backup",
        }),
        ("    monitoring: {}\n", {
            "Login postgres-exporter of postgres": """'ALTER ROLE "platformc_exporter" NOLOGIN'""",
            "Login mysql-exporter of mysql": """'ALTER USER "exporter"@"127.0.0.1" ACCOUNT LOCK'""",
        }),
        # The server leaves with its logins.
        ("    postgres: {}\n", {}),
    ],
)  # fmt: skip
def test_a_login_of_backups_or_metrics_is_left_behind(
    removed: str, commands: dict[str, str]
) -> None:
    assert removed in SERVERS
    before, after = (
        pipeline.compile(text.encode(), "platform.yaml")
        for text in (SERVERS, SERVERS.replace(removed, ""))
    )
    assert not after.report.failed, after.report.sorted()
    actual = {
        change.title: change
        for change in compare(before, after)
        if change.kind == "Login" and "copies" not in change.title
    }
    assert set(actual) == set(commands)
    for title, command in commands.items():
        assert actual[title].action == "left behind"
        assert command in actual[title].judgements[0].remedy


KEPT = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: keeping}
spec:
  backup: {to: copies}
  components:
    seaweedfs: {}
    postgres: {}
    redis: {}
    mlflow: {}
    lakefs: {}
    copies: {type: external-s3, host: s3.example.com}
  workloads:
    trainer: {image: "registry.example.internal/trainer:1.0.0", uses: [postgres, seaweedfs, redis]}
    cache: {image: "registry.example.internal/cache:1.0.0", uses: [redis]}
"""


def left_behind(old: str, new: str, text: str = KEPT) -> dict[str, Change]:
    """The data that is left behind if a text of the spec is replaced, by its title."""
    assert old in text
    before, after = (
        pipeline.compile(content.encode(), "platform.yaml")
        for content in (text, text.replace(old, new))
    )
    assert not after.report.failed, after.report.sorted()
    return {
        change.title: change
        for change in compare(before, after)
        if change.action == "left behind" and change.kind != "Login"
    }


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("    mlflow: {}\n", "", ["Bucket mlflow of seaweedfs", "Database mlflow of postgres"]),
        ("    lakefs: {}\n", "", ["Bucket lakefs of seaweedfs", "Database lakefs of postgres"]),
        ("trainer:", "trainer-2:", ["Bucket trainer of seaweedfs", "Database trainer of postgres"]),
        ("uses: [postgres, seaweedfs, redis]", "uses: [redis]",
         ["Bucket trainer of seaweedfs", "Database trainer of postgres"]),
        ("uses: [redis]", "uses: []", []),
    ],
)  # fmt: skip
def test_data_that_no_consumer_reads_any_more_is_left_behind(
    old: str, new: str, names: list[str]
) -> None:
    left = left_behind(old, new)
    assert sorted(left) == names
    assert {change.judgements[0] for change in left.values()} <= {
        Judgement(
            DATA_LOSS,
            "it stays, but no program of the spec reads it, and the backups no longer copy it",
            "first copy what you still need; delete the rest by hand",
        )
    }


COPIED = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: copied}
spec:
  backup: {to: copies}
  components:
    copies: {type: external-s3, host: s3.example.com}
    seaweedfs: {}
    mysql: {}
    postgres: {type: cloudnative-pg}
"""


@pytest.mark.parametrize(
    ("old", "new", "consumers"),
    [
        ("{to: copies}", "{to: copies, encrypt: true}", {"mysql", "seaweedfs"}),
        ("mysql: {}", "mysql: {backup: {bucket: others}}", {"mysql"}),
        ("cloudnative-pg}", "cloudnative-pg, backup: {archive: second}}", {"postgres"}),
        # The restored cluster reads the copies of before.
        ("cloudnative-pg}", "cloudnative-pg, backup: {archive: second}, restore: {}}", set()),
        ("{to: copies}", "{to: copies, keep: 7d}", set()),
    ],
)
def test_copies_that_a_restore_no_longer_finds_are_lost(
    old: str, new: str, consumers: set[str]
) -> None:
    assert old in COPIED
    both = [
        pipeline.compile(text.encode(), "platform.yaml")
        for text in (COPIED, COPIED.replace(old, new))
    ]
    for result in both:
        assert not result.report.failed, result.report.sorted()
    for before, after in (both, both[::-1]) if "restore" not in new else (both,):
        moved = [change for change in compare(before, after) if change.action == "moved"]
        assert {change.component for change in moved} == consumers
        for change in moved:
            assert change.risk is DATA_LOSS
            assert "no longer find the copies of before" in change.judgements[0].reason
            assert "make a copy right after" in change.judgements[0].remedy


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("30d", "7d", True),
        ("4w", "27d", True),
        ("7d", "30d", False),
        ("30d", "5w", False),
        ("28d", "4w", False),
    ],
)
def test_copies_that_will_be_too_old_are_lost(old: str, new: str, lost: bool) -> None:
    """The next copy, or the plugin's next check, deletes them for good."""
    both = [
        pipeline.compile(COPIED.replace("copies}", f"copies, keep: {keep}}}").encode(), "platform.yaml")
        for keep in (old, new)
    ]  # fmt: skip
    losses = [change for change in compare(*both) if change.risk is DATA_LOSS]
    names = {
        "CronJob mlops/mysql-backup",
        "CronJob mlops/seaweedfs-backup",
        "ObjectStore mlops/postgres",
    }
    assert {f"{change.kind} {change.namespace}/{change.name}" for change in losses} == (
        names if lost else set()
    )
    for change in losses:
        assert any("too old by the new `keep`" in judged.reason for judged in change.judgements)


SERVED = KEPT.replace("components:\n", """components:
    kserve: {mode: standard}
""") + """\
  models:
    fraud: {format: sklearn, uri: "s3://models/fraud/v1", bind: {store: seaweedfs}}
    churn: {format: sklearn, uri: "s3://models/churn/v1", bind: {store: seaweedfs}}
"""  # fmt: skip
FRAUD, CHURN = SERVED.splitlines(keepends=True)[-2:]


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        (FRAUD, "", []),  # the other model reads the bucket
        (f"  models:\n{FRAUD}{CHURN}", "", ["Bucket models of seaweedfs"]),
        ("s3://models/", "s3://served/", ["Bucket models of seaweedfs"]),
    ],
)
def test_files_of_the_last_model_leave_the_backups(old: str, new: str, names: list[str]) -> None:
    left = left_behind(old, new, SERVED)
    assert sorted(left) == names
    for change in left.values():
        assert change.risk is DATA_LOSS
        assert "the backups no longer copy it" in change.judgements[0].reason
    # Nothing copied it before, and nobody in the platform has written it.
    uncopied = "seaweedfs: {backup: {none: made again by a program}}"
    assert left_behind(old, new, SERVED.replace("seaweedfs: {}", uncopied)) == {}


def test_keys_are_left_behind_by_the_last_client_of_a_server() -> None:
    alone = KEPT.replace(", redis]", "]")
    change = left_behind("uses: [redis]", "uses: []", alone)["Keys * of redis"]
    assert change.judgements[0].reason == "it stays, but no program of the spec reads it"
    # The removal of the server itself is data loss already.
    both = "    redis: {}\n", ""
    without_client = alone.replace("uses: [redis]", "uses: []")
    assert left_behind(*both, without_client) == {}


def test_data_in_a_store_outside_is_left_behind_by_its_last_consumer() -> None:
    outside = KEPT.replace("seaweedfs: {}", "seaweedfs: {type: external-s3, host: s3.example.org}")
    change = left_behind("    mlflow: {}\n", "", outside)["Bucket mlflow of seaweedfs"]
    assert change.risk is DATA_LOSS


def test_data_of_a_renamed_consumer_at_the_same_place_is_not_left_behind() -> None:
    adopted = "tracking: {type: mlflow, adopt: {service: mlflow, database: mlflow, bucket: mlflow}}"
    assert left_behind("mlflow: {}", adopted) == {}


@pytest.mark.parametrize(
    "section",
    [
        "type: external-postgres, host: db.example.com",
        "type: external-s3, host: s3.example.com",
        "type: gateway-api",
        "type: ingress",
        "type: istio",
        "type: kserve, mode: standard",
        "type: monitoring",
        "type: seldon",
    ],
)
def test_an_instance_without_objects_may_be_renamed(section: str) -> None:
    head = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\n"
    before, after = (
        pipeline.compile(
            f"{head}spec:\n  components:\n    {name}: {{{section}}}\n".encode(), f"{name}.yaml"
        )
        for name in ("first", "second")
    )
    assert before.lowered["default"]
    assert after.lowered["default"]
    assert not [change for change in compare(before, after) if change.action == "kept"]


def test_an_ingress_that_answers_every_host_loses_none() -> None:
    before = object_of("Ingress", "networking.k8s.io/v1", rules=[{"host": "a.example.com"}])
    for rules, risk in (([{}], RELOAD), ([{"host": "b.example.com"}], DOWNTIME)):
        after = object_of("Ingress", "networking.k8s.io/v1", rules=rules)
        (field,) = differences(before, after)
        assert of_field(field, as_resource(before), as_resource(after)).risk == risk


def test_state_that_a_renamed_instance_keeps_is_named() -> None:
    server = changes({POSTGRES: GONE, f"{C}.db": ADOPTED})
    change = named(server, "Component db")
    assert (change.action, change.risk) == ("kept", NO_OP)
    assert change.judgements[0].reason == "`db` keeps what is on `data-postgres-0`"
    assert not [change for change in server if change.action == "moved"]
    stopped = named(server, "StatefulSet mlops/postgres").judgements[0]
    assert "two servers would destroy the data" in stopped.reason
    assert "--cascade=foreground" in stopped.remedy
    tracking = changes(TRACKING)
    assert [(change.title, change.judgements[0].reason) for change in tracking if change.action == "kept"] == [
        ("postgresql tracking backend-store", "`tracking` keeps `mlflow` of `postgres`"),
        ("s3 tracking artifacts", "`tracking` keeps `mlflow` of `minio`"),
    ]  # fmt: skip


def test_another_folder_of_an_adopted_volume_is_another_place_for_the_data() -> None:
    adopted = compiled(edited(adopted_claim("pg", folder="data")))
    moved = compiled(edited(adopted_claim("pg", folder="other")))
    assert worst(change.risk for change in compare(adopted, moved)) is DATA_LOSS


def of_role(component: str, **spec: Any) -> dict[str, Any]:
    """A set whose selector and pods have a label."""
    manifest = stateful(selector={"matchLabels": {"component": component}}, **spec)
    manifest["spec"]["template"]["metadata"] = {"labels": {"component": component, "team": "ml"}}
    return manifest


def with_volume(claim: str) -> dict[str, Any]:
    """A set of one pod that mounts an existing claim under the name of a claim template."""
    manifest = stateful(replicas=1, volumeClaimTemplates=[])
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": claim}}
    manifest["spec"]["template"]["spec"]["volumes"] = [volume]
    return manifest


LOG = {"metadata": {"name": "log"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
DELETED = {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}
MADE_ANEW: dict[str, tuple[dict[str, Any], dict[str, Any], Risk, str]] = {
    "another way to start": (
        stateful(), stateful(podManagementPolicy="Parallel"), DOWNTIME, "--cascade=orphan"),
    "a selector that knows the pods": (
        of_role("it"), stateful(selector={"matchLabels": {"team": "ml"}}), DOWNTIME, "--cascade=orphan"),
    "a selector that does not know the pods": (
        of_role("primary"), of_role("server"), DOWNTIME, "--cascade=foreground"),
    "a selector that does not know the pods, whose volumes go with them": (
        of_role("primary", **DELETED), of_role("server", **DELETED), DATA_LOSS, "to Retain first"),
    "the first claim template": (
        stateful(volumeClaimTemplates=[]), stateful(), DOWNTIME, "--cascade=foreground"),
    "one more claim template": (
        stateful(), stateful(volumeClaimTemplates=[*stateful()["spec"]["volumeClaimTemplates"], LOG]),
        DOWNTIME, "--cascade=foreground"),
    "a claim template for the volume that the pod has": (
        with_volume("data-it-0"), stateful(replicas=1), DOWNTIME, "--cascade=orphan"),
}  # fmt: skip


@pytest.mark.parametrize("label", MADE_ANEW)
def test_a_set_is_made_anew_around_the_pods_that_it_takes_over(label: str) -> None:
    """A new controller adopts no pod with other labels, and gives no pod another volume."""
    before, after, expected, remedy = MADE_ANEW[label]
    judgements = [
        of_field(field, as_resource(before), as_resource(after))
        for field in differences(before, after)
        if refused("StatefulSet", field)
    ]
    assert judgements
    assert worst(judgement.risk for judgement in judgements) == expected
    for judgement in judgements:
        assert remedy in judgement.remedy


@pytest.mark.parametrize("type", ["redis", "valkey"])
@pytest.mark.parametrize(
    ("before", "after", "users", "expected"),
    [
        ("replicas: 3, failover: sentinel", "replicas: 3, failover: sentinel", 2, RESTART),
        ("replicas: 3, failover: sentinel", "replicas: 5, failover: sentinel", 1, RESTART),
        ("", "replicas: 3, failover: sentinel", 1, DOWNTIME),
    ],
)
def test_a_script_that_writes_users_moves_no_keys(
    type: str, before: str, after: str, users: int, expected: Risk
) -> None:
    """The script names a file on the volume, in which Sentinel keeps its state."""

    def of(section: str, workloads: int) -> Compilation:
        names = [f"w{number}" for number in range(workloads)]
        uses = "".join(f"    {name}: {{image: a.example/w:1.0, uses: [it]}}\n" for name in names)
        text = f"spec:\n  components:\n    it: {{type: {type}, {section}}}\n  workloads:\n{uses}"
        head = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: a}\n"
        return pipeline.compile((head + text).encode(), "platform.yaml")

    actual = compare(of(before, 1), of(after, users))
    assert worst(change.risk for change in actual) == expected


def test_a_line_of_a_script_that_names_another_folder_moves_data() -> None:
    def script(*lines: str) -> dict[str, Any]:
        manifest = stateful()
        text = "\n".join(["set -eu", *lines, "exec serve"])
        manifest["spec"]["template"]["spec"]["containers"][0]["command"] = ["sh", "-c", text]
        return manifest

    for before, after, expected in (
        (["cd /data/a"], ["cd /data/b"], DATA_LOSS),
        (["cd /data/a"], ["cd /data/a", "echo hello"], RESTART),
    ):
        old, new = script(*before), script(*after)
        (field,) = differences(old, new)
        assert of_field(field, as_resource(old), as_resource(new)).risk == expected


def test_a_secret_that_is_still_read_is_kept_by_what_the_diff_says() -> None:
    """The values are no data that is lost: they stay in the Secret, and in the one that was generated."""
    external = compiled(edited({"spec.secrets": {"provider": "external-secrets"}}))
    removed = compare(external, compiled(edited({"spec.secrets": {"provider": "existing"}})))
    assert worst(change.risk for change in removed) is DOWNTIME
    copy = named(removed, "ExternalSecret mlops/mlflow-backend-store").judgements[0]
    assert copy.reason == "its Secret goes with it, and new pods do not start without"
    assert "--cascade=orphan" in copy.remedy
    assert "PrunePropagationPolicy=orphan" in copy.remedy
    assert named(removed, "ExternalSecret mlops/mlflow-backend-store-source").risk is NO_OP


def test_another_store_of_credentials_is_told_of() -> None:
    inside = {"provider": "external-secrets"}
    specs = [edited({"spec.secrets": section}) for section in (
        inside, {**inside, "store": {"name": "vault"}})]  # fmt: skip
    actual = compare(*map(compiled, specs))
    moved = named(actual, "Credentials of the environment")
    assert moved.risk == DOWNTIME
    assert str(moved.fields[0].after).startswith("ClusterSecretStore vault")


def test_a_login_is_not_left_behind_by_a_server_that_is_gone_itself() -> None:
    actual = changes({MINIO: GONE, f"{C}.seaweedfs": {}})
    assert not [change for change in actual if change.action == "left behind"]


def test_sections_that_need_each_other_are_named_together() -> None:
    actual = changes({MINIO: GONE, f"{C}.seaweedfs": {}})
    paths = {cause.path for cause in named(actual, "StatefulSet storage/minio").causes}
    assert paths == {MINIO, f"{C}.seaweedfs"}


def test_the_cause_is_found_where_one_section_alone_does_not_compile() -> None:
    """A store is replaced by another, and a workload stops to use its bucket: two causes."""
    before = (ROOT / "platform.yaml").read_text()
    after = before
    for old, new in (
        ("    redis: {memory: 4Gi}", "    valkey: {memory: 4Gi}"),
        ("        redis: {memory: 1Gi}", "        valkey: {memory: 1Gi}"),
        ("uses: [mlflow, feast]", "uses: [mlflow]"),
        ("writers: [churn-training]", "writers: []"),
        ("domain: ml.example.internal", "domain: ml.example.org"),
    ):
        assert after.count(old) == 1
        after = after.replace(old, new)
    first_result, second = (
        pipeline.compile(text.encode(), "platform.yaml") for text in (before, after)
    )
    actual = tuple(
        change for change in compare(first_result, second) if change.environment == "prod"
    )
    swap, uses = {f"{C}.redis", f"{C}.valkey"}, {f"{W}.churn-training.uses"}
    for title, causes in {
        "StatefulSet mlops/redis": swap,
        "StatefulSet mlops/valkey": swap,
        "ConfigMap mlops/feast": swap,
        "CronJob mlops/churn-training": uses,
        "Login churn-training-feast-registry of postgres": uses,
        "VirtualService mlops/fraud-detection-edge": {"spec.domain"},
    }.items():
        assert {cause.path for cause in named(actual, title).causes} == causes, title


def test_a_new_environment_disturbs_no_other() -> None:
    before = compiled(edited({"spec.environments": {"dev": {}}}))
    after = compiled(edited({"spec.environments": {"dev": {}, "prod": {}}}))
    actual = compare(before, after)
    assert {change.environment for change in actual} == {"prod"}
    assert worst(change.risk for change in actual) is RELOAD
    assert {cause.path for change in actual for cause in change.causes} == {
        "spec.environments.prod"
    }


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_an_environment_that_is_added_or_removed_has_its_own_line(name: str) -> None:
    spec = edited({"spec.environments": {"dev": {}, "prod": {}}})
    both = compiled(spec, "both.yaml")
    line = 1 + json.dumps(spec, indent=1).splitlines().index(
        f'   "{name}": {{}}' + ("," if name == "dev" else "")
    )
    del spec["spec"]["environments"][name]
    other = compiled(spec, "other.yaml")
    for before, after in ((both, other), (other, both)):
        causes = {cause for change in compare(before, after) for cause in change.causes}
        assert causes == {Cause(f"spec.environments.{name}", f"both.yaml:{line}")}


def test_named_elements_are_compared_by_name() -> None:
    before = {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    after = {"env": [{"name": "NEW", "value": "0"}, *before["env"]]}
    assert [field.path for field in differences(before, after)] == ["env/NEW"]
    swapped = {"env": before["env"][::-1]}
    assert [(field.path, field.after) for field in differences(before, swapped)] == [
        ("env", ["B", "A"])
    ]
