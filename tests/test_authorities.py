"""A company's own authority: said once at a service, known wherever a pod connects to it."""

from __future__ import annotations

import json
import re
import ssl
from pathlib import Path

import pytest
import yaml
from support.cluster import config_files, lowered, objects, templates
from support.command_line import run
from support.paths import SCENARIOS

from compiler import pipeline
from compiler.emit.manifests import manifests
from compiler.files import next_to_spec
from compiler.model.binding import AUTHORITIES
from compiler.model.resource import pod_template
from compiler.pipeline import Compilation
from compiler.upstream.lock import Lock

SCENARIO, ENVIRONMENT = "private-authority", "default"
TEXT = (SCENARIOS / SCENARIO / "platform.yaml").read_text()
BLOCK = re.search(r"\|\n +-----BEGIN.*?-----END CERTIFICATE-----\n", TEXT, re.S)
assert BLOCK
CA = BLOCK[0]
HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec:\n  components:\n"


def test_pods_that_connect_have_the_certificates_in_every_container() -> None:
    graph, namespaces_with_file = lowered(SCENARIO, ENVIRONMENT).graph, set()
    configs = config_files(SCENARIO, ENVIRONMENT)
    vouched = {
        binding.label: binding.provider.name for binding in graph.bindings if binding.offer.ca
    }
    for pod in templates(SCENARIO, ENVIRONMENT):
        mounted = {
            volume["configMap"]["name"] for volume in pod.spec.get("volumes", ())
            if volume["name"] == "authorities"
        }  # fmt: skip
        providers = {vouched[label] for label in pod.labels if label in vouched}
        assert bool(providers) == bool(mounted), pod.owner["metadata"]["name"]
        for name in mounted:
            data = configs[pod.namespace, name]
            assert data.keys() >= {f"{provider}.crt" for provider in providers}
            for text in data.values():
                ssl.create_default_context(cadata=text)
            for container in (*pod.spec.get("initContainers", ()), *pod.spec["containers"]):
                paths = [volume_mount["mountPath"] for volume_mount in container["volumeMounts"]]
                assert AUTHORITIES in paths
        namespaces_with_file |= providers
    assert namespaces_with_file == {
        "external-s3",
        "external-postgres",
        "external-redis",
        "external-mysql",
    }


def test_pods_start_again_with_other_certificates() -> None:
    """A volume with an authority of the spec and one of a Secret joins two sources."""
    text = f"""{HEAD}\
    external-s3: {{host: s3.example.internal, ca: {{secret: acme-ca}}}}
    prices:
      type: external-service
      host: prices.example.internal
      ca: {CA}
  workloads:
    train: {{image: "a/b:1", uses: [prices, external-s3]}}
"""
    result = pipeline.compile(text.encode(), "platform.yaml")
    (pod,) = filter(None, map(pod_template, manifests(result.lowered["default"])))
    assert "projected" in str(pod["spec"]["volumes"])
    assert "platformc.dev/config" in pod["metadata"]["annotations"]


def test_feast_reads_its_lake_with_the_certificates_of_the_lake() -> None:
    """pyarrow (26) takes no notice of `AWS_CA_BUNDLE`, and Feast (0.67) gives its file system no file."""
    names = set()
    for pod in templates(SCENARIO, ENVIRONMENT):
        for container in pod.spec["containers"]:
            variables = {each["name"]: each.get("value") for each in container.get("env", ())}
            if "FEAST_FS_YAML_FILE_PATH" in variables and "AWS_CA_BUNDLE" in variables:
                assert variables["SSL_CERT_FILE"] == variables["AWS_CA_BUNDLE"]
                names.add(pod.owner["metadata"]["name"])
    assert names == {"churn-training", "feast"}


def test_no_file_is_named_that_is_not_there() -> None:
    """In a pod's variables, and in the config files that it mounts."""
    configs, count = config_files(SCENARIO, ENVIRONMENT), 0
    for pod in templates(SCENARIO, ENVIRONMENT):
        mounted = [volume["configMap"]["name"] for volume in pod.spec.get("volumes", ())
                   if "configMap" in volume]  # fmt: skip
        data = {key: text for name in mounted for key, text in configs[pod.namespace, name].items()}
        named = re.findall(rf"{AUTHORITIES}/([\w.-]+\.crt)", json.dumps([pod.spec, data]))
        assert set(named) <= data.keys(), pod.owner["metadata"]["name"]
        count += len(named)
    assert count > 10


SECTIONS = {"login": "login", "machines": "model-access"}  # scenarios with these sections
REFUSED = {
    "argo-workflows": "external-s3: {host: s3.example.com}\n    argo-workflows: {}\n"
    f"    external-postgres:\n      host: db.example.internal\n      ca: {CA}",
    "cnpg": "cnpg: {type: cloudnative-pg, backup: {}}\n"
    "    external-s3: {host: s3.example.internal, ca: {configMap: acme-ca}}\n",
    "models-mlops": "kserve: {mode: standard}\n"
    "    external-s3: {host: s3.example.internal, ca: {secret: acme-ca}}\n  models:\n"
    "    churn: {format: sklearn, uri: 's3://models/churn'}\n",
}


@pytest.mark.parametrize("client", REFUSED)
def test_who_cannot_be_told_is_refused(client: str) -> None:
    result = pipeline.compile(f"{HEAD}    {REFUSED[client]}".encode(), "platform.yaml")
    actual = [
        diagnostic
        for diagnostic in result.report.sorted()
        if diagnostic.code == "unknown-authority"
    ]
    assert [diagnostic.message.split("`")[1] for diagnostic in actual] == [client], (
        result.report.sorted()
    )


OWN = "write the certificates themselves, as `ca: |`: clients read them in different ways"
NO_ARCHIVE = (
    "write `archive: false` under `argo-workflows`: then no database keeps its finished runs"
)
REMEDIES = {
    "a database whose authority is an object": (
        "external-s3: {host: s3.example.com}\n    argo-workflows: {}\n"
        "    external-postgres: {host: db.example.internal, ca: {configMap: acme-ca}}\n", NO_ARCHIVE),
    "a database whose authority is a text": (REFUSED["argo-workflows"], NO_ARCHIVE),
    "a store that one program reads as a Secret": (
        "external-s3: {host: s3.example.com, ca: {configMap: acme-ca}}\n    postgres: {}\n    argo-workflows: {}\n",
        OWN),
    "copies that an operator reads as a Secret": (REFUSED["cnpg"], OWN),
    "a store that models read as a ConfigMap": (REFUSED["models-mlops"], OWN),
}  # fmt: skip


@pytest.mark.parametrize("case", REMEDIES)
def test_the_help_is_one_that_helps(case: str) -> None:
    components, help = REMEDIES[case]
    result = pipeline.compile(f"{HEAD}    {components}".encode(), "platform.yaml")
    findings = [
        finding for finding in result.report.sorted() if finding.code == "unknown-authority"
    ]
    assert [finding.help[0] for finding in findings] == [help], result.report.sorted()


def test_operators_are_handed_the_authority() -> None:
    """Each by the field of its API, and by an object that is there, in the namespace that reads it."""
    compiled = {
        (
            manifest["kind"],
            manifest["metadata"]["namespace"],
            manifest["metadata"]["name"],
        ): manifest
        for manifest in objects("private-authority-operators", "text")
        if "namespace" in manifest["metadata"]
    }
    for namespace in ("mlops", "kubeflow"):
        text = compiled["ConfigMap", namespace, "artifact-repositories"]["data"]
        for repository in text.values():
            authority = yaml.load(repository, yaml.CSafeLoader)["s3"]["caSecret"]
            secret = compiled["Secret", namespace, authority["name"]]
            ssl.create_default_context(cadata=secret["stringData"][authority["key"]])
    assert (
        "Secret",
        "argo",
        "argo-workflows-authorities",
    ) in compiled  # for the controller's default
    store = compiled["ObjectStore", "mlops", "cnpg"]["spec"]
    authority = store["configuration"]["endpointCA"]
    assert authority["key"] in compiled["Secret", "mlops", authority["name"]]["stringData"]
    assert not [
        env_variable
        for env_variable in store["instanceSidecarConfiguration"]["env"]
        if env_variable["name"] == "AWS_CA_BUNDLE"
    ]
    (key,) = (credential for credential in lowered("private-authority-operators", "text").credentials
              if credential.name == "models-mlops-store")  # fmt: skip
    name = key.annotations["serving.kserve.io/s3-cabundle-configmap"]
    file = key.annotations["serving.kserve.io/s3-cabundle"].rpartition("/")[2]
    assert file in compiled["ConfigMap", "mlops", name]["data"]
    predictor = compiled["InferenceService", "mlops", "churn"]["spec"]["predictor"]
    (variable,) = (
        env_variable
        for env_variable in predictor["model"]["env"]
        if env_variable["name"] == "PRICES_CA"
    )
    (mount,) = predictor["model"]["volumeMounts"]
    assert variable["value"] == f"{mount['mountPath']}/prices.crt"
    (volume,) = predictor["volumes"]
    (source,) = volume["projected"]["sources"]
    assert source["secret"] == {
        "name": "acme-ca",
        "items": [{"key": "ca.crt", "path": "prices.crt"}],
    }


def test_secrets_with_certificates_are_listed_as_the_users() -> None:
    lowered_platform = lowered("private-authority-operators", "objects")
    (authority,) = (grant for grant in lowered_platform.granted if grant.name == "acme-ca")
    assert authority.created_by == "you"
    assert {"argo", "kubeflow", "mlops"} <= set(authority.namespaces)
    assert list(authority.keys) == ["ca.crt"]


@pytest.mark.parametrize(
    ("section", "help_text"),
    [
        ("external-s3: {host: s3.example.com, ca: company.pem}", "invalid-value"),
        ("external-s3: {host: s3.example.com, ca: {key: ca.crt}}", "in one place"),
        ("external-s3: {host: s3.example.com, ca: {secret: a, configMap: b}}", "in one place"),
        ("external-s3: {host: s3.example.com, tls: false, ca: {secret: a}}", "which needs TLS"),
        (f"external-s3:\n      host: s3.example.com\n      tls: false\n      ca: {CA}", "which needs TLS"),
        (f"external-postgres:\n      host: db.example.com\n      sslmode: disable\n      ca: {CA}",
         "which needs TLS"),
        (f"external-s3:\n      host: s3.example.com\n      ca: {CA}        -----BEGIN PRIVATE KEY-----\n",
         "the certificates include a private key"),
    ],
)  # fmt: skip
def test_what_is_no_authority_is_refused(section: str, help_text: str) -> None:
    result = pipeline.compile(f"{HEAD}    {section}\n".encode(), "platform.yaml")
    assert any(
        help_text in f"{diagnostic.code} {diagnostic.message}"
        for diagnostic in result.report.sorted()
    )


FILE = SCENARIOS / SCENARIO / "certs" / "example.pem"


def _answer(folder: Path, file: str) -> str:
    (folder / "platform.yaml").write_text(
        f"{HEAD}    external-redis: {{host: redis.example.internal, ca: {{file: {file}}}}}\n"
    )
    return run("validate").stderr


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ("-----BEGIN PRIVATE KEY-----\n", "`ca.pem`: the certificates include a private key"),
        ("certificate", "`ca.pem`: these are no certificates in PEM form"),
        (b"\xff\x30", "`ca.pem` is no text: certificates in PEM form are"),
        ("-" * 2**19, "ca.pem is larger than"),
    ],
)
def test_a_file_holds_certificates_alone(
    content: str | bytes, answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ca.pem").write_bytes(content.encode() if isinstance(content, str) else content)
    assert answer in _answer(tmp_path, "ca.pem")


def test_a_path_in_the_place_of_certificates_gets_its_form() -> None:
    spec = f"{HEAD}    external-s3: {{host: s3.example.com, ca: certs/ca.pem}}\n"
    (error,) = pipeline.compile(spec.encode(), "platform.yaml").report.sorted()
    assert error.help == ("write `ca: {file: certs/ca.pem}` for a file in the folder of the spec",)


def test_a_file_lies_in_the_folder_of_the_spec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside.pem").write_bytes(FILE.read_bytes())
    folder = tmp_path / "tree"
    (folder / "certs").mkdir(parents=True)
    (folder / "certs" / "link.pem").symlink_to("../../outside.pem")
    (folder / "linked").symlink_to("..")
    monkeypatch.chdir(folder)
    assert "no file `certs/ca.pem` next to the spec" in _answer(folder, "certs/ca.pem")
    assert "is a symbolic link" in _answer(folder, "certs/link.pem")
    assert "is a symbolic link" in _answer(folder, "linked/outside.pem")
    for path in ("../outside.pem", "certs/../../outside.pem", f"{tmp_path}/outside.pem"):
        assert f"`file` cannot be `{path}`" in _answer(folder, path)
    assert "path has escapes" in _answer(folder, '"certs/\\x63a.pem"')


@pytest.mark.parametrize("key", ["login", "machines"])
def test_an_issuer_has_its_authority_in_a_file_too(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same objects as from the text, and an error at the path of a file that is not there."""
    monkeypatch.chdir(tmp_path)
    Path("ca.pem").write_bytes(FILE.read_bytes())
    spec = yaml.load((SCENARIOS / SECTIONS[key] / "platform.yaml").read_text(), yaml.CSafeLoader)
    del spec["spec"]["environments"]

    def outcome(ca: object) -> Compilation:
        spec["spec"][key]["ca"] = ca
        data = yaml.safe_dump(spec).encode()
        files = next_to_spec.read(data, Path())
        return pipeline.compile(data, "platform.yaml", Lock(files=files))

    trees = [
        {name: manifests(lowered) for name, lowered in outcome(ca).lowered.items()}
        for ca in (FILE.read_text(), {"file": "ca.pem"})
    ]
    assert trees[0] == trees[1]
    assert "BEGIN CERTIFICATE" in repr(trees[0])
    (problem,) = [finding for finding in outcome({"file": "gone.pem"}).report.sorted()
                  if finding.code == "invalid-value"]  # fmt: skip
    assert problem.path == ("spec", key, "ca", "file")


def test_another_content_is_another_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("ca.pem").write_bytes(FILE.read_bytes())
    spec = f"{HEAD}    external-redis: {{host: redis.example.internal, ca: {{file: ca.pem}}}}\n"
    Path("platform.yaml").write_text(
        f"{spec}  workloads: {{w: {{image: 'a:1', uses: [external-redis]}}}}\n"
    )
    mounted = Path("base/w/w-authorities/external-redis.crt")
    for content in (FILE.read_text(), FILE.read_text() * 2):
        Path("ca.pem").write_text(content)
        assert run("compile").exit_code == 0
        assert mounted.read_text() == content
    assert "nothing changed" in run("compile").stderr
