"""Credentials on a cluster: they come to exist, stay the same, and change on request.

Three providers, each with its real maker, on a real API server, to which the compiled platform is
brought by `apply-plan` as printed; rotation is done as printed too.
"""

from __future__ import annotations

import json
import re
import time
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from test_secrets import ALPHABETS, spec_of

from compiler.model.credential import Random
from live import operators
from live.control_plane import ControlPlane, Manifest
from live.platforms import read
from live.pods.objects import pod_template
from live.preparation import prepare
from live.test_apply import namespaces
from live.vault import Vault

pytestmark = pytest.mark.live

KINDS = {"username": None, "password": Random.PASSWORD, "AWS_ACCESS_KEY_ID": Random.ACCESS_KEY,
         "AWS_SECRET_ACCESS_KEY": Random.SECRET_KEY}  # fmt: skip
Place = tuple[str, str]  # namespace, name


@dataclass
class Delivered:
    """A platform on a cluster, and the maker of its credentials."""

    plane: ControlPlane
    directory: Path
    provider: str

    def platformc(self, *arguments: str) -> str:
        return self.plane.shell(" ".join(["platformc", *arguments]), self.directory)

    @cached_property
    def objects(self) -> list[Manifest]:
        return read(self.directory / "out/default")

    @cached_property
    def wanted(self) -> dict[Place, set[str]]:
        """The contract: the keys of each Secret in each namespace."""
        listed = json.loads(self.platformc("secrets", "list", "default", "--format", "json"))
        return {
            (space, secret["name"]): set(secret["keys"])
            for secret in listed["secrets"]
            for space in secret["namespaces"]
        }

    def secrets(self) -> dict[Place, dict[str, str]]:
        """The values in the cluster, of the platform's namespaces."""
        actual = {}
        for space in sorted({space for space, _ in self.wanted}):
            listed = json.loads(self.plane.kubectl("get", "secrets", "-n", space, "-o", "json"))
            for item in listed["items"]:
                values = {key: b64decode(text).decode() for key, text in item["data"].items()}
                actual[space, item["metadata"]["name"]] = values
        return actual

    def servers(self) -> dict[str, str]:
        """Each server's pod template as the cluster has it, and each Job's identity."""
        actual = {}
        for server in self.plane.listed(namespaces(self.objects)):
            if server["kind"] in ("Deployment", "StatefulSet"):
                actual[_title(server)] = json.dumps(server["spec"]["template"], sort_keys=True)
            elif server["kind"] == "Job":
                actual[_title(server)] = server["metadata"]["uid"]
        return actual

    def readers(self, secret: str, consumer: str) -> set[str]:
        """The pods that must start again: servers that name a Secret, and Jobs that tell a server of it."""
        return {
            _title(manifest)
            for manifest in self.objects
            if manifest["kind"] in ("Deployment", "StatefulSet", "Job")
            and secret in set(_named(pod_template(manifest)))
            and (manifest["kind"] != "Job" or _instance(manifest) != consumer)
        }


def _title(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['namespace']}/{manifest['metadata']['name']}"


def _instance(manifest: Manifest) -> str:
    return str(manifest["metadata"]["labels"]["app.kubernetes.io/instance"])


def _named(value: Any) -> Iterator[str]:
    """The Secrets that a pod names."""
    if isinstance(value, dict):
        if "secretKeyRef" in value:
            yield value["secretKeyRef"]["name"]
        if "secretName" in value:
            yield value["secretName"]
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _named(inner)


@pytest.fixture(scope="module", params=["external-secrets", "local", "sealed-secrets"])
def delivered(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Delivered]:
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "cluster").mkdir()
    plane = ControlPlane(folder / "cluster")
    try:
        delivery = Delivered(plane, folder / "platform", request.param)
        _deliver(delivery)
        yield delivery
    finally:
        plane.close()


def _deliver(delivery: Delivered) -> None:
    delivery.directory.mkdir()
    text = spec_of(delivery.provider).replace("spec:\n", "spec:\n  rendered: true\n", 1)
    if delivery.provider == "external-secrets":
        operators.external_secrets(delivery.plane)
    if delivery.provider == "sealed-secrets":
        operators.sealed_secrets(delivery.plane)
        (delivery.directory / "controller.pem").write_text(operators.certificate(delivery.plane))
        text = text.replace("sealed-secrets}", "sealed-secrets, certificate: controller.pem}")
    (delivery.directory / "platform.yaml").write_text(text)
    delivery.platformc("compile")
    prepare(delivery.plane, delivery.objects)
    delivery.plane.shell(delivery.platformc("apply-plan", "default"), delivery.directory)


def test_secrets_come_to_exist_with_the_keys_of_the_contract(delivered: Delivered) -> None:
    actual, expected = delivered.secrets(), delivered.wanted
    assert expected
    assert {name: set(actual.get(name, ())) for name in expected} == expected
    for name in expected:
        for key, value in actual[name].items():
            kind = KINDS[key]
            assert re.fullmatch(ALPHABETS[kind], value) if kind else value, (name, key)


def test_copies_are_equal(delivered: Delivered) -> None:
    actual = delivered.secrets()
    for space, name in delivered.wanted:
        copies = {
            json.dumps(actual[secret_key])
            for secret_key in delivered.wanted
            if secret_key[1] == name
        }
        assert len(copies) == 1, (space, name)


@pytest.mark.parametrize(
    ("secret", "consumer"),
    [("mlflow-artifacts", "mlflow"), ("mlflow-backend-store", "mlflow"), ("minio-root", "")],
)
def test_rotation_as_printed_restarts_who_reads_it_and_nobody_else(
    delivered: Delivered, secret: str, consumer: str
) -> None:
    values, servers = delivered.secrets(), delivered.servers()
    delivered.plane.shell(
        delivered.platformc("secrets", "rotate", "default", secret), delivered.directory
    )
    now = delivered.secrets()
    changed = {value for value in values if now[value] != values[value]}
    assert changed & delivered.wanted.keys() == {
        name for name in delivered.wanted if name[1] == secret
    }
    test_copies_are_equal(delivered)
    after = delivered.servers()
    assert after.keys() == servers.keys()
    restarted = {title for title in servers if after[title] != servers[title]}
    assert restarted == delivered.readers(secret, consumer)
    assert restarted


def test_applying_again_changes_no_value(delivered: Delivered) -> None:
    before = delivered.secrets()
    delivered.plane.shell(delivered.platformc("apply-plan", "default"), delivered.directory)
    assert delivered.secrets() == before


# External Secrets alone: a generator that makes a value once must not make it again

external = pytest.mark.parametrize("delivered", ["external-secrets"], indirect=True)


def refreshed(delivered: Delivered) -> None:
    """Touch every ExternalSecret, and wait until the controller has looked at them."""
    plane = delivered.plane
    before = _synced(plane)
    touch = f"force-sync={time.time_ns()}"
    plane.kubectl("annotate", "externalsecret", "--all", "-A", "--overwrite", touch)
    plane.until(lambda: not before.items() & _synced(plane).items(), "copies that are refreshed")


def _synced(plane: ControlPlane) -> dict[str, str]:
    """At which version each copy was fetched; a generator that makes a value once keeps to its first."""
    listed = json.loads(plane.kubectl("get", "externalsecrets", "-A", "-o", "json"))["items"]
    copies = [copy for copy in listed if copy["spec"].get("refreshPolicy") != "CreatedOnce"]
    assert copies
    return {copy["metadata"]["uid"]: copy["status"]["syncedResourceVersion"] for copy in copies}


@external
def test_a_refresh_makes_no_new_value(delivered: Delivered) -> None:
    before = delivered.secrets()
    refreshed(delivered)
    assert delivered.secrets() == before


@external
def test_a_controller_that_starts_again_makes_no_new_value(delivered: Delivered) -> None:
    before = delivered.secrets()
    delivered.plane.stop("external-secrets")
    operators.external_secrets(delivered.plane)
    refreshed(delivered)
    assert delivered.secrets() == before


@external
def test_an_external_secret_made_anew_takes_over_what_is_there(delivered: Delivered) -> None:
    """Deleted by mistake, or by a deliverer that prunes: the servers know no other values."""
    before = delivered.secrets()
    for space in sorted({space for space, _ in delivered.wanted}):
        delivered.plane.kubectl("delete", "externalsecret", "--all", "-n", space)
    remaining = delivered.secrets()
    assert remaining == {secret_key: before[secret_key] for secret_key in remaining}
    assert {name for _, name in remaining} >= {f"{name}-source" for _, name in delivered.wanted}
    delivered.plane.shell(delivered.platformc("apply-plan", "default"), delivered.directory)
    refreshed(delivered)
    assert delivered.secrets() == before


# A store of the user's: the same platform moves its values there, and keeps them


@pytest.fixture(scope="module")
def vault(delivered: Delivered) -> Vault:
    """With the values that are in use, each where `secrets list` says that it is looked for."""
    vault = Vault(delivered.plane)
    vault.start()
    path = delivered.directory / "platform.yaml"
    path.write_text(path.read_text().replace(
        "provider: external-secrets", "provider: external-secrets, store: {name: vault, prefix: ml}"
    ))  # fmt: skip
    delivered.platformc("compile")
    values = delivered.secrets()
    for (space, name), store_path in store_paths(delivered).items():
        vault.write(store_path, values[space, name])
    delivered.plane.apply(vault.store("vault", vault.reader("ml")))
    return vault


def store_paths(delivered: Delivered) -> dict[Place, str]:
    """Where the store is to hold each Secret."""
    listed = json.loads(delivered.platformc("secrets", "list", "default", "--format", "json"))
    return {
        (secret["namespaces"][0], secret["name"]): secret["maker"].removeprefix("vault: ")
        for secret in listed["secrets"]
    }


@external
def test_a_store_of_the_users_takes_over_without_a_new_value(
    delivered: Delivered, vault: Vault
) -> None:
    before = delivered.secrets()
    delivered.plane.shell(delivered.platformc("apply-plan", "default"), delivered.directory)
    stores = json.loads(delivered.plane.kubectl("get", "externalsecrets", "-A", "-o", "json"))
    copies = [
        item for item in stores["items"] if item["spec"].get("refreshPolicy") != "CreatedOnce"
    ]
    assert {copy["spec"]["secretStoreRef"]["name"] for copy in copies} == {"vault"}
    refreshed(delivered)
    now = delivered.secrets()
    assert {name: now[name] for name in delivered.wanted} == {
        name: before[name] for name in delivered.wanted
    }


@external
def test_a_value_that_changes_in_the_store_arrives_when_rotated_as_printed(
    delivered: Delivered, vault: Vault
) -> None:
    name, before = "mlflow-artifacts", delivered.secrets()
    plan = delivered.platformc("secrets", "rotate", "default", name)
    with pytest.raises(AssertionError, match="run this again with MLFLOW_ARTIFACTS_CHANGED=yes"):
        delivered.plane.shell(plan, delivered.directory)
    assert delivered.secrets() == before
    changed = {"AWS_ACCESS_KEY_ID": "AKIACHANGEDINSTORE00", "AWS_SECRET_ACCESS_KEY": "s" * 40}
    (store_path,) = [path for (_, secret), path in store_paths(delivered).items() if secret == name]
    vault.write(store_path, changed)
    delivered.plane.shell(f"export MLFLOW_ARTIFACTS_CHANGED=yes\n{plan}", delivered.directory)
    now = delivered.secrets()
    for space, secret in delivered.wanted:
        place_of = space, secret
        assert now[place_of] == (changed if secret == name else before[place_of])
