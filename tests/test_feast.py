"""Feast: one `feature_store.yaml` for servers and clients, read here as Feast reads it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.cluster import Template, environments, lowered, objects, templates

from compiler.interfaces import feature_store, postgresql, redis
from compiler.model.manifest import Manifest
from compiler.model.resource import pod_template

VARIABLE = re.compile(r"\$\{(\w+)\}")


def mounts(scenario: str, environment: str) -> Iterator[tuple[Template, Manifest, str]]:
    """Each container with the file: its pod, itself, and the file's text."""
    texts = {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"]): manifest["data"]
        for manifest in objects(scenario, environment)
        if manifest["kind"] == "ConfigMap"
    }
    for pod in templates(scenario, environment):
        for text in _texts(pod, texts):
            for container in pod.spec["containers"]:
                yield pod, container, text


def _texts(pod: Template, maps: dict[tuple[str, str], dict[str, str]]) -> Iterator[str]:
    for volume in pod.spec.get("volumes", ()):
        source = volume.get("configMap")
        if source is None:
            continue
        files = maps.get((pod.namespace, source["name"]), {})  # none where it is the user's own
        for item in source.get("items") or [{"key": key, "path": key} for key in files]:
            if item["path"] == feature_store.FILE:
                yield files[item["key"]]


def with_feast() -> list[tuple[str, str]]:
    return [environment for environment in environments() if any(mounts(*environment))]


def names(container: Manifest) -> dict[str, Any]:
    return {variable["name"]: variable for variable in container["env"]}


# The logins of stores that a pod opens, by its role; other roles open all of them.
OPENED = {"registry": "FEAST_REGISTRY", "offline": "FEAST_(REGISTRY|OFFLINE)"}


def wanted(pod: Template, text: str) -> set[str]:
    """The variables of the file that a pod must have: those of the stores that it opens."""
    role = pod.labels["app.kubernetes.io/component"]
    expects_mount = role == "apply" and "repository" not in str(pod.spec["volumes"])
    opened = OPENED["registry"] if expects_mount else OPENED.get(role, "")
    return {name for name in VARIABLE.findall(text) if re.match(opened, name)}


def read(container: Manifest, text: str) -> dict[str, Any]:
    """The file as Feast sees it: variables are expanded in the text, before it is YAML."""
    with pytest.MonkeyPatch.context() as pod:
        for name, variable_source in names(container).items():
            pod.setenv(name, variable_source.get("value", f"x{name.lower()}1"))
        expanded: dict[str, Any] = yaml.load(os.path.expandvars(text), yaml.CSafeLoader)
    return expanded


def test_scenarios_have_every_kind_of_client() -> None:
    kinds = {yaml.load(text, yaml.CSafeLoader)["offline_store"]["type"]
             for scenario_name in with_feast() for _, _, text in mounts(*scenario_name)}  # fmt: skip
    assert kinds == {"file", "duckdb_s3.DuckDBOfflineStore", "postgres", "remote"}


@pytest.mark.parametrize(("scenario", "environment"), with_feast())
def test_every_variable_of_the_file_is_one_of_the_pod(scenario: str, environment: str) -> None:
    for pod, container, text in mounts(scenario, environment):
        assert wanted(pod, text) <= set(names(container)), pod.name
        path = names(container)["FEAST_FS_YAML_FILE_PATH"]["value"]
        folders = [volume_mount["mountPath"] for volume_mount in container["volumeMounts"]]
        assert os.path.dirname(path) in folders


@pytest.mark.parametrize(("scenario", "environment"), with_feast())
def test_each_pod_has_keys_of_its_own(scenario: str, environment: str) -> None:
    owners: dict[str, set[str]] = {}
    for pod, container, _ in mounts(scenario, environment):
        instance = pod.labels["app.kubernetes.io/instance"]
        for variable in container["env"]:
            if variable["name"].startswith("FEAST_") and "valueFrom" in variable:
                secret = variable["valueFrom"]["secretKeyRef"]["name"]
                owners.setdefault(secret, set()).add(instance)
    assert [secret for secret, users in owners.items() if len(users) > 1] == []


@pytest.mark.parametrize(("scenario", "environment"), with_feast())
def test_what_feast_reads(scenario: str, environment: str) -> None:
    for pod, container, text in mounts(scenario, environment):
        store = read(container, text)
        unexpanded = set(VARIABLE.findall(str(store)))
        assert unexpanded == set(VARIABLE.findall(text)) - wanted(pod, text)
        if store["registry"]["registry_type"] == "remote":
            assert not VARIABLE.search(text)
            continue
        assert store["registry"]["path"].startswith("postgresql+psycopg://")
        assert store["registry"]["serve_features_while_materializing"] is True
        host, *options = store["online_store"]["connection_string"].split(",")
        assert host.count(":") == 1
        assert {"username", "password"} <= {option.partition("=")[0] for option in options}
        assert store["materialization"]["online_write_batch_size"] > 0


def test_a_pooler_is_never_asked_for_a_prepared_statement() -> None:
    for scenario_name in with_feast():
        for _, _, text in mounts(*scenario_name):
            registry = yaml.load(text, yaml.CSafeLoader)["registry"]
            pooled = ":6432/" in registry["path"]
            connect = registry.get("sqlalchemy_config_kwargs", {}).get("connect_args", {})
            assert connect == ({"prepare_threshold": None} if pooled else {})


def test_a_client_of_the_servers_needs_no_key() -> None:
    (client,) = [
        container
        for pod, container, _ in mounts("feast-remote", "default")
        if pod.labels["app.kubernetes.io/instance"] == "training"
    ]
    assert not [variable for variable in client["env"] if "valueFrom" in variable]


def test_values_come_online_up_to_now_and_one_run_at_a_time() -> None:
    (job,) = [manifest for manifest in objects("feast-file", "default")
              if manifest["kind"] == "CronJob" and manifest["metadata"]["name"] == "feast-materialize"]  # fmt: skip
    spec = job["spec"]
    assert (spec["concurrencyPolicy"], spec["timeZone"]) == ("Forbid", "Etc/UTC")
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 3600
    script = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["command"][-1]
    assert 'materialize-incremental "$(date -u +%Y-%m-%dT%H:%M:%S+00:00)"' in script


def test_servers_start_when_the_registry_has_its_tables() -> None:
    servers = [
        manifest["spec"]["template"]["spec"]
        for manifest in objects("feast-remote", "default")
        if manifest["kind"] == "Deployment" and manifest["metadata"]["name"].startswith("feast")
    ]
    assert len(servers) == 3
    for pod in servers:
        (wait,), (server,) = pod["initContainers"], pod["containers"]
        assert "FeatureStore().registry" in wait["command"][2]
        assert wait["image"] == server["image"]
        assert all(variable in server["env"] for variable in wait["env"])
        keys = {
            name for name, variable_source in names(wait).items() if "valueFrom" in variable_source
        }
        assert keys == {"FEAST_REGISTRY_USERNAME", "FEAST_REGISTRY_PASSWORD"}


def test_who_reads_with_duckdb_has_its_reader_of_the_lake() -> None:
    for _, container, text in mounts("feast-file", "default"):
        if "duckdb_s3" in text:
            assert names(container)["PYTHONPATH"]["value"] == feature_store.FOLDER
    (config,) = [manifest for manifest in objects("feast-file", "default")
                 if manifest["kind"] == "ConfigMap" and manifest["metadata"]["name"] == "pond-training-client"]  # fmt: skip
    for name in ("arrow_s3", "duckdb_s3"):
        compile(config["data"][f"etc-feast-{name}.py"], name, "exec")


def test_views_may_have_schedules_of_their_own() -> None:
    jobs = {manifest["metadata"]["name"]: manifest["spec"] for manifest in objects("feast-postgres", "default")
            if manifest["kind"] == "CronJob" and manifest["metadata"]["name"].startswith("feast")}  # fmt: skip
    scripts = {
        name: spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["command"][-1]
        for name, spec in jobs.items()
    }
    assert {name: spec["schedule"] for name, spec in jobs.items()} == {
        "feast-materialize": "5 * * * *", "feast-nightly": "0 3 * * *",
    }  # fmt: skip
    assert "--views driver_statistics " in scripts["feast-materialize"]
    assert "--views city_statistics --views weather " in scripts["feast-nightly"]


def test_a_schedule_has_resources_of_its_own() -> None:
    limits = {
        manifest["metadata"]["name"]: template["spec"]["containers"][0]["resources"]["limits"][
            "memory"
        ]
        for manifest in objects("feast-postgres", "default")
        if (template := pod_template(manifest)) is not None
    }
    assert (limits["feast-nightly"], limits["feast-materialize"]) == ("24Gi", "2Gi")
    assert [name for name, limit in limits.items() if limit == "24Gi"] == ["feast-nightly"]


def test_feasts_own_pods_read_the_object_store_with_what_their_image_has() -> None:
    (config,) = [manifest for manifest in objects("feast-file", "default")
                 if manifest["kind"] == "ConfigMap" and manifest["metadata"]["name"] == "feast"]  # fmt: skip
    for name in ("sitecustomize.py", "arrow_s3.py"):
        compile(config["data"][name], name, "exec")
    containers = [
        container
        for pod, container, _ in mounts("feast-file", "default")
        if pod.labels["app.kubernetes.io/instance"] == "feast"
    ]
    assert len(containers) == 3
    for container in containers:
        assert names(container)["PYTHONPATH"]["value"] == feature_store.FOLDER


def test_definitions_are_plain_files_when_feast_reads_them(tmp_path: Path) -> None:
    """A kubelet mounts a ConfigMap as links into `..data`; Feast 0.67.0 follows them before it names
    modules, and such a path is no module's."""
    (script,) = [
        container["command"][-1]
        for pod, container, _ in mounts("feast-file", "default")
        if pod.labels["app.kubernetes.io/component"] == "apply" and "repository" in str(pod.spec)
    ]
    stored = tmp_path / "repo/..2026_11_28"
    stored.mkdir(parents=True)
    (stored / "features.py").write_text("answer = 42\n")
    (tmp_path / "repo/..data").symlink_to(stored.name)
    (tmp_path / "repo/features.py").symlink_to("..data/features.py")
    (tmp_path / "feast").write_text(
        '#!/bin/sh\n[ "$1" = --chdir ] || exit 0\nfind "$2" -mindepth 1 -printf "%y %P\\n"\n'
    )
    (tmp_path / "feast").chmod(0o755)
    script = script.replace("/tmp/", f"{tmp_path}/").replace("/repo/", f"{tmp_path}/repo/")
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    run = subprocess.run(["sh", "-c", script], env=env, capture_output=True, text=True, timeout=30)
    assert (run.returncode, run.stdout) == (0, "f features.py\n"), run.stderr


def test_an_image_is_copied_from_a_place_that_no_volume_hides() -> None:
    ((pod, container),) = [
        (pod, container)
        for pod in templates("feast-remote", "default")
        for container in pod.spec.get("initContainers", ())
        if container["name"] == "repository"
    ]
    copy = container["command"][-1].split()
    source, target = copy[2].removesuffix("."), copy[3]
    assert not any(
        source.startswith(f"{mount['mountPath']}/") for mount in container["volumeMounts"]
    )
    (apply,) = [other for other in pod.spec["containers"] if other["name"] == "apply"]
    assert f"--chdir {target.removesuffix('/')} " in apply["command"][-1]


def test_the_feature_server_only_reads_the_online_store() -> None:
    """Feast 0.67 answers `/push` to every client that reaches the server."""
    (reader,) = [
        binding.claim
        for binding in lowered("feast-file", "default").graph.bindings
        if (binding.consumer.name, binding.requires.slot) == ("feast", "online-reader")
    ]
    assert isinstance(reader, redis.Claim)
    assert reader.read_only
    for pod in templates("feast-file", "default"):
        labels = pod.labels
        if labels["app.kubernetes.io/instance"] != "feast":
            continue
        role = labels["app.kubernetes.io/component"]
        secrets = {
            env["valueFrom"]["secretKeyRef"]["name"]
            for container in pod.spec["containers"]
            for env in container.get("env", ())
            if env["name"] == "FEAST_REDIS_PASSWORD"
        }
        if secrets:
            assert secrets == {"feast-online-reader" if role == "server" else "feast-online-store"}


# Who writes the registry -------------------------------------------------------------------------


def rights(scenario: str, environment: str) -> dict[tuple[str, str], bool]:
    """Each consumer's login of a registry, by its slot, and whether it only reads."""
    return {
        (binding.consumer.name, binding.requires.slot): binding.claim.read_only
        for binding in lowered(scenario, environment).graph.bindings
        if binding.requires.slot.endswith(("registry", "registry-reader"))
        and isinstance(binding.claim, postgresql.Claim)
    }


@pytest.mark.parametrize(("scenario", "environment"), with_feast())
def test_clients_read_the_registry_unless_they_are_writers(scenario: str, environment: str) -> None:
    instances = lowered(scenario, environment).graph.instances
    stores = {name: each.spec for name, each in instances.items() if each.type == "feast"}
    writers = {writer for spec in stores.values() for writer in spec.writers}
    for (consumer, slot), reads in rights(scenario, environment).items():
        writes = consumer in writers or (consumer in stores and slot == "registry")
        assert reads != writes, consumer


@pytest.mark.parametrize(("scenario", "environment"), with_feast())
def test_clients_read_the_online_store_unless_they_are_writers(
    scenario: str, environment: str
) -> None:
    graph = lowered(scenario, environment).graph
    stores = {
        name: instance.spec
        for name, instance in graph.instances.items()
        if instance.type == "feast"
    }
    writers = {writer for spec in stores.values() for writer in spec.writers}
    for binding in graph.bindings:
        if isinstance(binding.claim, redis.Claim) and binding.requires.slot.endswith(
            "online-store"
        ):
            consumer = binding.consumer.name
            assert binding.claim.read_only != (consumer in stores or consumer in writers), consumer


def test_servers_before_the_registry_only_read_it_where_a_job_writes_it() -> None:
    (environment,) = [name for scenario, name in with_feast() if scenario == "feast-remote"]
    assert rights("feast-remote", environment) == {
        ("feast", "registry"): False,
        ("feast", "registry-reader"): True,
    }
    opened = {
        pod.labels["app.kubernetes.io/component"]: names(container)["FEAST_REGISTRY_PASSWORD"][
            "valueFrom"
        ]["secretKeyRef"]["name"]
        for pod, container, _ in mounts("feast-remote", environment)
        if "FEAST_REGISTRY_PASSWORD" in names(container)
    }
    assert opened["registry"] == opened["offline"] == "feast-registry-reader"
    assert opened["server"] == opened["apply"] == "feast-registry"
