"""Credentials: the same for every provider, made once, read by few, and seen nowhere."""

from __future__ import annotations

import json
import re
import stat
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.cluster import environments, lowered, objects
from support.command_line import run
from support.diagnosing import compiled
from support.nested import maps
from support.paths import SCENARIOS
from test_confinement import COPIED, MOVED, QUIET

from compiler import pipeline
from compiler.derive.credentials import secrets_of
from compiler.derive.external_secrets import source
from compiler.derive.pull_secrets import KEY, TYPE
from compiler.model.credential import Credential, Random
from compiler.model.package import Lowered
from compiler.secrets import values
from compiler.secrets.ciphertext import encrypted

PROVIDERS = ("local", "existing", "external-secrets", "sealed-secrets", "sops")
SPEC = (SCENARIOS / "external-secrets" / "platform.yaml").read_text()
SENTINEL = "Sentinel0Value1That2Nobody3May4See"
ALPHABETS = {
    Random.PASSWORD: r"[A-Za-z][A-Za-z0-9]{23,}",
    Random.ACCESS_KEY: r"AKIA[A-Z0-9]{16}",
    Random.SECRET_KEY: r"[A-Za-z0-9]{40}",
}

# Servers with clients that must share a key, and why.
# A Secret without data, which Kubernetes fills with the token of a ServiceAccount.
TOKEN = "kubernetes.io/service-account-token"
SINGLE_KEY = {"lakefs": "its open-source server knows one user"}

each_environment = pytest.mark.parametrize(("scenario", "environment"), environments())


def spec_of(provider: str) -> str:
    return SPEC.replace("provider: external-secrets", f"provider: {provider}")


def with_provider(provider: str) -> Lowered:
    result = pipeline.compile(spec_of(provider).encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    return result.lowered["default"]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    return written(tmp_path, "local")


def written(folder: Path, provider: str) -> Path:
    path = folder / "platform.yaml"
    path.write_text(spec_of(provider))
    return path


# The contract


@pytest.mark.parametrize("provider", PROVIDERS)
def test_names_keys_and_places_do_not_depend_on_the_provider(provider: str) -> None:
    actual, local = with_provider(provider).credentials, with_provider("local").credentials
    assert len(local) > 4
    assert [
        (credential.name, dict(credential.keys), credential.namespaces) for credential in actual
    ] == [(credential.name, dict(credential.keys), credential.namespaces) for credential in local]


@each_environment
def test_no_object_is_a_secret_but_certificates(scenario: str, environment: str) -> None:
    for secret in objects(scenario, environment):
        if secret["kind"] == "Secret" and secret["type"] == TOKEN:
            assert not secret.keys() & {"data", "stringData"}
        elif secret["kind"] == "Secret":
            for text in secret["stringData"].values():
                lines = "".join(text.split("-----END CERTIFICATE-----\n"))
                assert "PRIVATE" not in text
                assert re.fullmatch(r"(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+)+", lines)


@each_environment
def test_a_servers_own_key_is_in_no_client(scenario: str, environment: str) -> None:
    """Root keys and superusers are for the server and its own Jobs."""
    lowered_platform = lowered(scenario, environment)
    readers = {
        credential.name: set(credential.readers) for credential in lowered_platform.credentials
    }
    consumed = {binding.endpoint().secret for binding in lowered_platform.graph.bindings
                if binding.provider.type in SINGLE_KEY}  # fmt: skip
    # A consumer may say itself where the key of its binding is read.
    consumed |= {binding.secret for binding in lowered_platform.graph.bindings}
    for package in lowered_platform.packages.values():
        for credential in package.credentials:
            if credential.name in readers and credential.name not in consumed:
                assert readers[credential.name] <= {package.name}, credential.name


@each_environment
def test_a_consumers_key_is_read_by_itself_and_its_providers(
    scenario: str, environment: str
) -> None:
    lowered_platform = lowered(scenario, environment)
    allowed: dict[str, set[str]] = defaultdict(set)
    graph = lowered_platform.graph
    for binding in (*graph.bindings, *graph.mirrored):
        allowed[binding.secret] |= {binding.consumer.name, binding.provider.name}
    package_secrets = {
        c.name for package in lowered_platform.packages.values() for c in package.credentials
    }
    for credential in lowered_platform.credentials:
        if credential.name not in package_secrets:
            assert set(credential.readers) <= allowed[credential.name], credential.name


@pytest.mark.parametrize("kind", list(Random))
def test_values_hold_only_what_every_reader_survives(kind: Random) -> None:
    generated = [values.make(kind) for _ in range(200)]
    assert all(re.fullmatch(ALPHABETS[kind], text) for text in generated)
    assert len(set(generated)) == len(generated)


# External Secrets


def external(lowered_platform: Lowered) -> dict[tuple[str, str], dict[str, Any]]:
    package = lowered_platform.packages["credentials"]
    return {
        (resource.namespace, resource.manifest["spec"]["target"]["name"]): resource.manifest["spec"]
        for resource in package.resources
        if resource.kind == "ExternalSecret"
    }


@pytest.mark.parametrize("scenario", ["external-secrets", "external-secrets-vault"])
def test_every_secret_is_made_or_fetched_with_all_of_its_keys(scenario: str) -> None:
    for name, environment_key in environments():
        if name != scenario:
            continue
        lowered_platform = lowered(scenario, environment_key)
        actual = external(lowered_platform)
        expected = {
            (space, c.name): set(c.keys)
            for c in lowered_platform.credentials
            for space in c.namespaces
        }
        if lowered_platform.platform.settings.secrets.store is None:
            expected |= {
                (c.namespaces[0], source(c)): set(c.keys) for c in lowered_platform.credentials
            }
        assert {secret_key: _keys(spec) for secret_key, spec in actual.items()} == expected


def _keys(spec: dict[str, Any]) -> set[str]:
    fetched = {entry["secretKey"] for entry in spec.get("data", ())}
    return fetched or set(spec["target"]["template"]["data"])


def test_a_value_is_made_once_and_in_the_right_alphabet() -> None:
    lowered_platform = lowered("external-secrets", "default")
    generators = {(resource.namespace, resource.name): resource.manifest["spec"]
                  for resource in lowered_platform.packages["credentials"].resources
                  if resource.kind == "Password"}  # fmt: skip
    for credential in lowered_platform.credentials:
        home = credential.namespaces[0]
        spec = external(lowered_platform)[home, source(credential)]
        assert spec["refreshPolicy"] == "CreatedOnce"
        target = spec["target"]
        assert target["immutable"] is True
        assert (target["creationPolicy"], target["deletionPolicy"]) == ("Orphan", "Retain")
        generated = {}
        for entry in spec["dataFrom"]:
            generator = generators[home, entry["sourceRef"]["generatorRef"]["name"]]
            assert generator["symbols"] == 0
            generated[entry["rewrite"][0]["regexp"]["target"]] = "0aZ" * 20, generator["length"]
        for key, kind in credential.keys.items():
            text = _rendered(target["template"]["data"][key], generated)
            assert re.fullmatch(ALPHABETS[kind], text) if isinstance(kind, Random) else text == kind


SIGN_ON = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: one}
spec:
  domain: ml.example.internal
  login: {issuer: "https://id.example.com", client: {id: "CLIENT"}}
  components: {seaweedfs: {}, istio: {}, argo-workflows: {archive: false, sso: {ml: read}}}
"""


def test_a_credential_without_random_values_has_a_source_and_follows_the_spec() -> None:
    """The webhook of External Secrets refuses an object without a source, and a value is a template."""
    text = SIGN_ON.replace("CLIENT", "plat{{form}}") + "  secrets: {provider: external-secrets}\n"
    secrets = external(compiled(text.encode()).lowered["default"])
    assert all(manifest.get("data") or manifest.get("dataFrom") for manifest in secrets.values())
    fixed = secrets["argo", "argo-workflows-sso-source"]
    assert fixed["target"]["template"]["data"] == {"client-id": 'plat{{ "{{" }}form}}'}
    assert fixed["refreshPolicy"] == "OnChange"
    assert "immutable" not in fixed["target"]


def _rendered(template: str, generated: dict[str, tuple[str, int]]) -> str:
    """The template as External Secrets renders it, of a value that its generator could make."""

    def value(match: re.Match[str]) -> str:
        text, length = generated[match[1]]
        return text[:length].upper() if "upper" in match[0] else text[:length]

    return re.sub(r"{{ \.(\w+)(?: \| upper)? }}", value, template)


def test_no_pod_reads_an_immutable_secret() -> None:
    """Nodes would go on giving out its first value after a rotation."""
    lowered_platform = lowered("external-secrets", "default")
    read = {
        (resource.namespace, name)
        for package in lowered_platform.packages.values()
        for resource in package.resources
        for name in secrets_of(resource)
    }
    fixed = {
        immutable_secrets
        for immutable_secrets, spec in external(lowered_platform).items()
        if spec["target"].get("immutable")
    }
    assert read
    assert fixed
    assert not read & fixed


def test_a_copy_is_fetched_with_a_right_to_just_its_secrets() -> None:
    lowered_platform = lowered("external-secrets", "default")
    resources = lowered_platform.packages["credentials"].resources
    actual = {
        (resource.kind, resource.namespace, resource.name): resource.manifest
        for resource in resources
    }
    copies = [(space, credential, credential.namespaces[0])
              for credential in lowered_platform.credentials for space in credential.namespaces]  # fmt: skip
    assert copies
    expected: dict[tuple[str, str], set[str]] = defaultdict(set)
    for space, credential, home in copies:
        name = credential.name
        store = external(lowered_platform)[space, name]["secretStoreRef"]["name"]
        kubernetes = actual["SecretStore", space, store]["spec"]["provider"]["kubernetes"]
        assert kubernetes["remoteNamespace"] == home
        account = kubernetes["auth"]["serviceAccount"]["name"]
        assert ("ServiceAccount", space, account) in actual
        expected[home, space].add(source(credential))
    for (home, space), names in expected.items():
        role = actual["Role", home, f"credentials-{space}"]
        assert [set(rule["resourceNames"]) for rule in role["rules"]] == [names]
        assert [rule["verbs"] for rule in role["rules"]] == [["get"]]
        subjects = actual["RoleBinding", home, f"credentials-{space}"]["subjects"]
        assert [subject["namespace"] for subject in subjects] == [space]


def test_a_store_of_the_users_is_asked_under_one_path() -> None:
    actual = external(lowered("external-secrets-vault", "prod"))
    for (_, name), spec in actual.items():
        assert spec["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": "vault"}
        assert {entry["remoteRef"]["key"] for entry in spec["data"]} == {f"teams/ml/{name}"}


# Files


def secrets_in(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    actual = {}
    for path in sorted(folder.glob("secret-*.yaml")):
        secret = yaml.load(path.read_text(), yaml.CSafeLoader)
        metadata = secret["metadata"]
        actual[metadata["namespace"], metadata["name"]] = secret["stringData"]
    return actual


def test_local_values_are_private_the_same_in_all_copies_and_kept(spec: Path) -> None:
    assert run("secrets", "generate", "default", "-f", spec).exit_code == 0
    folder = spec.parent / "secrets" / "default"
    first_secrets = secrets_in(folder)
    for credential in with_provider("local").credentials:
        copies = [first_secrets[space, credential.name] for space in credential.namespaces]
        assert all(copy == copies[0] for copy in copies)
        for key, kind in credential.keys.items():
            pattern = ALPHABETS[kind] if isinstance(kind, Random) else re.escape(kind)
            assert re.fullmatch(pattern, copies[0][key])
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 or path.name == ".gitignore"
    assert (folder / ".gitignore").read_text() == "*\n"
    assert run("secrets", "generate", "default", "-f", spec).exit_code == 0
    assert secrets_in(folder) == first_secrets


def test_the_id_of_a_client_is_as_the_spec_has_it(tmp_path: Path) -> None:
    for client in ("old", "new"):
        (tmp_path / "platform.yaml").write_text(SIGN_ON.replace("CLIENT", client))
        assert (
            run("secrets", "generate", "default", "-f", tmp_path / "platform.yaml").exit_code == 0
        )
        secrets = secrets_in(tmp_path / "secrets" / "default")
        assert secrets["argo", "argo-workflows-sso"] == {"client-id": client}


def test_rotating_one_leaves_the_others(spec: Path) -> None:
    run("secrets", "generate", "default", "-f", spec)
    folder = spec.parent / "secrets" / "default"
    first_secrets = secrets_in(folder)
    run("secrets", "generate", "default", "--rotate", "mlflow-artifacts", "-f", spec)
    second = secrets_in(folder)
    changed = {name for (_, name), data in second.items() if data != first_secrets[_, name]}
    assert changed == {"mlflow-artifacts"}


def test_after_a_rotation_the_next_step_restarts_the_readers(spec: Path) -> None:
    """An apply changes no pod, and does not run again the Job that gives the value to the server."""
    made = run("secrets", "generate", "default", "-f", spec).stderr
    assert "platformc apply-plan default" in made
    rotated = run("secrets", "generate", "default", "--rotate", "mlflow-artifacts", "-f", spec)
    assert f"  platformc secrets rotate default -f {spec} mlflow-artifacts\n" in rotated.stderr
    assert "apply-plan" not in rotated.stderr


def test_values_are_not_written_through_a_link(spec: Path, tmp_path: Path) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()
    (tmp_path / "secrets").symlink_to(elsewhere)
    result = run("secrets", "generate", "default", "-f", spec)
    assert result.exit_code == 2
    assert "symbolic link" in result.stderr
    assert list(elsewhere.iterdir()) == []


# Ciphertext, by programs that stand in for the real ones: tests/test_live_secrets.py runs those

FAKE = """#!/usr/bin/env python3
import base64, json, pathlib, sys
text = sys.stdin.read()
here = pathlib.Path(__file__).parent
with open(here / "arguments", "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
if (here / "refuse").exists():
    sys.exit("error: cannot encrypt " + text.replace("\\n", " "))
secret = json.loads(json.dumps(__import__("yaml").safe_load(text)))
hidden = {key: base64.b85encode(value[::-1].encode()).decode()
          for key, value in secret["stringData"].items()}
if "sops" in __file__:
    print(json.dumps({**secret, "stringData": hidden, "sops": {"mac": "x"}}))
else:
    print(json.dumps({"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
          "metadata": {**secret["metadata"], "creationTimestamp": None},
          "spec": {"encryptedData": hidden}}))
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import os
    import sys

    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("kubeseal", "sops"):
        (folder / name).write_text(FAKE.replace("/usr/bin/env python3", sys.executable))
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(values, "_random_text", lambda alphabet, length: SENTINEL[:length])
    return folder


@pytest.mark.parametrize("provider", ["sealed-secrets", "sops"])
def test_ciphertext_is_written_once_and_values_nowhere(
    provider: str, tmp_path: Path, programs: Path
) -> None:
    spec = written(tmp_path, provider)
    result = run("secrets", "generate", "default", "-f", spec)
    assert result.exit_code == 0, result.output
    folder = tmp_path / "secrets" / "default"
    first_files = {path.name: path.read_text() for path in folder.iterdir()}
    copies = [namespace for c in with_provider("local").credentials for namespace in c.namespaces]
    assert len(first_files) == len(copies) + 1
    arguments = programs / "arguments"
    for text in (result.output, arguments.read_text(), *first_files.values()):
        assert SENTINEL[:16] not in text
    arguments.write_text("")
    assert "0 made" in run("secrets", "generate", "default", "-f", spec).output
    assert arguments.read_text() == ""
    assert {path.name: path.read_text() for path in folder.iterdir()} == first_files


def test_ciphertext_that_lacks_a_key_is_made_anew_in_all_copies(
    tmp_path: Path, programs: Path
) -> None:
    spec = written(tmp_path, "sops")
    run("secrets", "generate", "default", "-f", spec)
    path = tmp_path / "secrets/default/secret-storage-mlflow-artifacts.sops.yaml"
    actual = yaml.load(path.read_text(), yaml.CSafeLoader)
    del actual["stringData"]["AWS_SECRET_ACCESS_KEY"]
    path.write_text(yaml.safe_dump(actual))
    (programs / "arguments").write_text("")
    assert "1 rotated" in run("secrets", "generate", "default", "-f", spec).output
    assert (programs / "arguments").read_text().count("mlflow-artifacts") == 2


def test_what_a_program_says_about_its_input_is_not_repeated(
    tmp_path: Path, programs: Path
) -> None:
    (programs / "refuse").touch()
    result = run("secrets", "generate", "default", "-f", written(tmp_path, "sealed-secrets"))
    assert result.exit_code == 2
    assert "kubeseal for sealedsecret-" in result.stderr
    assert SENTINEL[:16] not in result.output


def test_a_missing_program_is_named() -> None:
    from compiler.secrets.ciphertext import CipherError

    with pytest.raises(CipherError, match="no-such-program is not on the PATH"):
        encrypted(["no-such-program"], "", Path("secret.yaml"))


# The list


def test_list_says_who_makes_who_reads_and_which_keys(tmp_path: Path) -> None:
    for provider, maker in (("local", "secrets generate"), ("existing", "you"),
                            ("external-secrets", "External Secrets")):  # fmt: skip
        spec = written(tmp_path, provider)
        rows = json.loads(run("secrets", "list", "default", "--format", "json", "-f", spec).stdout)
        actual = {row["name"]: row for row in rows["secrets"]}
        assert {row["maker"] for row in actual.values()} == {maker}
        assert actual["mlflow-artifacts"]["readers"] == ["minio", "mlflow"]
        assert actual["mlflow-artifacts"]["keys"] == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        text = run("secrets", "list", "default", "-f", spec).stdout
        assert all(name in text for name in actual)
        assert maker in text


def test_mysqls_root_password_is_changed_in_its_data() -> None:
    spec = SCENARIOS / "mysql" / "platform.yaml"
    lines = run("secrets", "rotate", "default", "mysql-root", "-f", spec).stdout
    assert lines.count("IDENTIFIED BY") == 2
    assert "kubectl exec -i -n mlops statefulset/mysql -c mysql" in lines
    # Its pod keeps the password in a variable, by which the next rotation logs in.
    assert "kubectl rollout restart statefulset/mysql -n mlops" in lines


def test_a_job_is_made_again_alone(spec: Path) -> None:
    """Other objects that wait to be applied do not matter here."""
    lines = run("secrets", "rotate", "default", "mlflow-artifacts", "-f", spec).stdout
    (selector,) = re.findall(r"apply --server-side -k \S+ -l (\S+)", lines)
    expected = dict(part.split("=") for part in selector.split(","))
    actual = [
        manifest["kind"]
        for manifest in objects("external-secrets", "default")
        if expected.items() <= manifest["metadata"].get("labels", {}).items()
    ]
    assert actual == ["Job"]


@pytest.mark.parametrize(
    ("provider", "command"),
    [
        ("local", "kubectl apply --server-side -k {}/secrets/default"),
        ("sealed-secrets", "kubectl wait --for=condition=Synced sealedsecret/"),
        ("sops", 'sops decrypt {}/secrets/default/"$file" | kubectl apply --server-side -f -'),
        ("existing", "kubectl wait --for=create secret/"),
        ("external-secrets", "kubectl wait --for='condition=Ready' externalsecret."),
    ],
)
def test_the_plan_says_how_credentials_come_to_exist(
    tmp_path: Path, provider: str, command: str
) -> None:
    plan = run("apply-plan", "default", "-f", written(tmp_path, provider)).stdout
    before, _, after = plan.partition("kubectl rollout status")
    assert command.format(tmp_path) in before
    assert "secrets" not in after


def test_the_plan_applies_no_other_file_of_the_folder(tmp_path: Path) -> None:
    """Anyone can encrypt a ClusterRoleBinding for the public keys in `.sops.yaml`."""
    spec = written(tmp_path, "sops")
    plan = run("apply-plan", "default", "-f", spec).stdout
    (line,) = [line for line in plan.splitlines() if "sops decrypt" in line]
    folder = tmp_path / "secrets/default"
    folder.mkdir(parents=True)
    files = re.findall(r"secret-\S+\.sops\.yaml", line)
    assert len(files) > 3
    for name in (*files, "zz.sops.yaml", "secret-mlops-old.sops.yaml"):
        (folder / name).write_text("")
    stand_in = 'sops() { echo "$2" >&2; }; kubectl() { cat; }\n'
    result = subprocess.run(["sh", "-e"], input=stand_in + line, capture_output=True, text=True)
    assert [Path(name).name for name in result.stderr.split()] == files


# No secret anywhere


def test_no_value_is_in_the_output_a_log_or_the_picture(
    spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values exist, and every verb that reaches for nothing else runs over the tree next to them."""
    monkeypatch.setattr(values, "_random_text", lambda alphabet, length: SENTINEL[:length])
    message = [run("secrets", "generate", "default", "-f", spec)]
    assert SENTINEL[:31] in (spec.parent / "secrets/default/secret-mlops-mlflow-backend-store.yaml"
                             ).read_text()  # fmt: skip
    (spec.parent / "local.yaml").write_text(spec.read_text())
    (spec.parent / "copied.yaml").write_text(COPIED)
    (spec.parent / "moved.yaml").write_text(MOVED)
    monkeypatch.chdir(spec.parent)
    message += [run(*line.split()) for line in QUIET]
    message.append(run("secrets", "generate", "default", "--rotate", "mlflow-artifacts"))
    assert [result.exit_code for result in message] == [0] * len(message)
    for result in message:
        assert SENTINEL[:16] not in result.output
    for path in spec.parent.rglob("*"):
        if path.is_file() and "secrets" not in path.relative_to(spec.parent).parts:
            assert SENTINEL[:16] not in path.read_text(), path


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "junit"])
@pytest.mark.parametrize(
    "line", [f"password: {SENTINEL}", f"dbPass: {SENTINEL}", f'"api-key": "{SENTINEL}"']
)
def test_no_error_repeats_what_may_be_a_secret(tmp_path: Path, form: str, line: str) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text(SPEC.replace("postgres: {", f"postgres: {{{line}, "))
    result = run("validate", "--format", form, "-f", path)
    assert result.exit_code == 1
    assert "unknown" in result.output
    assert SENTINEL not in result.output


def test_credentials_are_values_without_values() -> None:
    """The model itself has no room for one: keys are fixed texts or kinds of chance."""
    for credential in with_provider("local").credentials:
        assert isinstance(credential, Credential)
        fixed = [key for key in credential.keys.values() if not isinstance(key, Random)]
        assert all(re.fullmatch(r"[a-z0-9-]+", part) for part in fixed)


def test_what_others_run_must_know_its_logins_and_have_what_they_open() -> None:
    notes = {
        credential.name: credential.note
        for credential in lowered("external-services", "default").credentials
    }
    assert "of `db.example.com` makes" in notes["mlflow-backend-store"]  # past the pooler
    assert notes["mlflow-backend-store"].endswith("with access to `mlflow`")
    assert notes["mlflow-artifacts"].endswith("with access to `mlflow`")
    assert notes["models-mlops-store"].endswith("makes this login")  # it only reads
    native = {name for name, note in notes.items() if "mysql_native_password" in note}
    assert native == {"kubeflow-pipelines-metadata"}
    inside = lowered("minimal", "default").credentials
    assert not [credential.name for credential in inside if "elsewhere" in credential.note]


@each_environment
def test_every_pull_secret_is_listed_where_something_names_it(
    scenario: str, environment: str
) -> None:
    named = {
        (secret["name"], manifest["metadata"]["namespace"])
        for manifest in objects(scenario, environment)
        for value in maps(manifest)
        for secret in value.get("imagePullSecrets", ())
    }
    listed = {
        (credential.name, space)
        for credential in lowered(scenario, environment).granted
        if credential.type == TYPE and credential.keys == {KEY: ""}
        for space in credential.namespaces
    }
    assert listed == named
