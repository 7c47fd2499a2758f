"""`diff`: each labelled change is rated as it should be, and none that loses data any lower."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML
from support.changing import (
    ADOPTED,
    GONE,
    MINIO,
    MLFLOW,
    POOLER,
    POSTGRES,
    POSTGRES_IMAGE,
    TRACKING,
    C,
    Edits,
    W,
    changes,
    compiled,
    edited,
    named,
    of_models,
    original,
)
from support.custom_resources import as_resource, custom_resources
from support.paths import SCENARIOS

from compiler import pipeline
from compiler.diff import worst
from compiler.diff.compare import compare
from compiler.diff.fields import differences
from compiler.diff.immutable import refused
from compiler.diff.risk import of_addition, of_field, of_removal
from compiler.model.effects import Risk
from compiler.pipeline import Compilation

NO_OP, RELOAD, RESTART = Risk.NO_OP, Risk.RELOAD, Risk.RESTART
DOWNTIME, DATA_LOSS = Risk.DOWNTIME, Risk.DATA_LOSS


def patch(kind: str, name: str, path: str, value: Any, op: str = "replace") -> list[Any]:
    operation = {"op": op, "path": path, "value": value}
    return [{"target": {"kind": kind, "name": name}, "operations": [operation]}]


POD = "/spec/template/spec"


def adopted_claim(claim: str, **adopted: str) -> Edits:
    """The edits by which the PostgreSQL takes over a volume."""
    section = {"claim": claim, "secret": "postgres-superuser", **adopted}
    return {f"{POSTGRES}.adopt": section, f"{POSTGRES}.image": POSTGRES_IMAGE}


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


def test_an_ingress_that_answers_every_host_loses_none() -> None:
    before = object_of("Ingress", "networking.k8s.io/v1", rules=[{"host": "a.example.com"}])
    for rules, risk in (([{}], RELOAD), ([{"host": "b.example.com"}], DOWNTIME)):
        after = object_of("Ingress", "networking.k8s.io/v1", rules=rules)
        (field,) = differences(before, after)
        assert of_field(field, as_resource(before), as_resource(after)).risk == risk


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


def test_named_elements_are_compared_by_name() -> None:
    before = {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    after = {"env": [{"name": "NEW", "value": "0"}, *before["env"]]}
    assert [field.path for field in differences(before, after)] == ["env/NEW"]
    swapped = {"env": before["env"][::-1]}
    assert [(field.path, field.after) for field in differences(before, swapped)] == [
        ("env", ["B", "A"])
    ]
