"""`platformc env`: the variables of a program, as its pod sees them and for a laptop."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from click.testing import Result
from support.cluster import environments, lowered, templates
from support.command_line import run
from support.paths import SCENARIOS

from compiler.delivery.client_kit import in_pod


def env(
    name: str, *options: str, scenario: str = "existing-logins", environment: str = "default"
) -> Result:
    spec = SCENARIOS / scenario / "platform.yaml"
    return run("env", name, environment, "-f", spec, *options)


@pytest.mark.parametrize("name", ["train", "report"])
def test_a_pods_variables_are_those_that_it_has(name: str) -> None:
    (pod,) = (template for template in templates("existing-logins", "default")
              if template.owner["metadata"]["name"] == name)  # fmt: skip
    (container,) = pod.spec["containers"]
    lines = env(name).stdout.splitlines()
    printed = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    actual = {variable_object["name"]: variable_object for variable_object in container["env"]}
    assert printed.keys() == actual.keys() - {"HOME", "LOGNAME", "USER"}
    for variable, text in printed.items():
        reference = actual[variable].get("valueFrom", {}).get("secretKeyRef")
        if reference:
            secret = f"{pod.namespace}/{reference['name']}"
            assert text == f"  # the key {reference['key']} of the Secret {secret}"
        else:
            assert text == actual[variable]["value"]
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    files = [line.removeprefix("# file: ") for line in lines if line.startswith("# file: ")]
    assert all(file.rpartition("/")[0] in mounts for file in files)


# Variables of a container that do not come from a binding or from `env`: of the image's user, of KServe's
# protocol, of a server's own file.
OF_THE_CONTAINER = {"HOME", "LOGNAME", "PROTOCOL", "USER"}


@pytest.mark.parametrize(("scenario", "environment"), environments())
def test_each_program_has_the_variables_of_its_container(scenario: str, environment: str) -> None:
    """A model and its transformer differ, and KServe's agent reaches the sink of copies without variables."""
    result = lowered(scenario, environment)
    pods = templates(scenario, environment)
    for name, instance in result.graph.instances.items():
        if instance.section not in ("workloads", "models") or name not in result.platform.instances:
            continue
        containers = [
            {variable["name"] for variable in container.get("env", ())} - OF_THE_CONTAINER
            for pod in pods if pod.owner["metadata"]["name"] in (name, f"{name}-model")
            for container in pod.spec["containers"]
        ]  # fmt: skip
        lines = "\n".join(in_pod(instance, result.graph.wiring(name)))
        for part in lines.split(f"# the transformer of `{name}`:") if containers else ():
            printed = set(re.findall(r"^(\w+)=", part, flags=re.M))
            assert printed - OF_THE_CONTAINER in containers, (name, part)


def test_a_laptop_reaches_each_server_by_a_port_that_it_may_open() -> None:
    text = env("train", "--laptop").stdout
    assert "port-forward service/churn-predictor 8080:80\n" in text
    assert "CHURN_URL=http://localhost:8080\n" in text
    assert "port-forward service/mlflow 5000:5000\n" in text
    assert "MLFLOW_TRACKING_URI=http://localhost:5000\n" in text
    assert "PYPI_URL=https://pypi.corp.example.com\n" in text
    assert "svc.cluster.local" not in text


def test_each_server_has_its_own_port_on_a_laptop(tmp_path: Path) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_text(
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: example}\nspec:\n"
        "  components: {seaweedfs: {}, kserve: {mode: standard}}\n"
        "  models:\n"
        "    ducks: {format: sklearn, uri: 's3://models/ducks'}\n"
        "    geese: {format: sklearn, uri: 's3://models/geese'}\n"
        "  workloads:\n"
        "    count: {image: 'python:3.12.1', command: [python], schedule: '0 3 * * *', uses: [ducks, geese, seaweedfs]}\n"
    )
    lines = run("env", "count", "-f", spec, "--laptop").stdout
    for name, port in (("ducks", 8080), ("geese", 8081)):
        assert f"port-forward service/{name}-predictor {port}:80\n" in lines
        assert f"{name.upper()}_URL=http://localhost:{port}\n" in lines
    assert lines.count("port-forward service/seaweedfs ") == 1


def test_a_laptop_asks_a_server_with_a_certificate_by_its_name() -> None:
    host = "rook-ceph-rgw-ceph.rook-ceph.svc.cluster.local"
    plain, secure = (
        env("sweep", "--laptop", scenario="ceph", environment=environment).stdout
        for environment in ("prod", "secure")
    )
    assert "AWS_ENDPOINT_URL_S3=http://localhost:8080\n" in plain
    assert "port-forward service/rook-ceph-rgw-ceph 8443:443\n" in secure
    assert f"127.0.0.1 {host}" in secure
    assert f"AWS_ENDPOINT_URL_S3=https://{host}:8443\n" in secure
    assert "AWS_CA_BUNDLE=files/etc/platformc-ca/ceph.crt\n" in secure


SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: example}
spec:
  components:
    seaweedfs: {}
    postgres: {}
    mysql: {}
    redis: {}
    sessions: {type: valkey, failover: sentinel, replicas: 3}
    feast: {project: shop, bind: {online-store: sessions, online-reader: sessions}}
  workloads:
    train:
      image: registry.example.internal/train:1.0.0
      uses: [feast, postgres, mysql]
      env:
        EPOCHS: "10"
        HOME: /home/jovyan
        GREETING: it's "$HOME" `ls` $$(PGHOST)
        SERVER: $(PGHOST):$(PGPORT)
        TOKEN: {secret: hub, key: token}
"""


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> str:
    spec = tmp_path_factory.mktemp("laptop") / "platform.yaml"
    spec.write_text(SPEC)
    result = run("env", "train", "-f", spec, "--laptop")
    assert result.exit_code == 0, result.output
    return result.stdout


def test_mysqls_clients_get_an_address_that_is_no_socket(laptop: str) -> None:
    assert "MYSQL_HOST=127.0.0.1\n" in laptop


def test_a_server_is_forwarded_once_and_only_if_a_text_names_it(laptop: str) -> None:
    assert laptop.count("port-forward service/postgres 5432:5432\n") == 1
    # Sentinels answer with addresses of the cluster, so a port-forward to them leads nowhere.
    assert "port-forward service/sessions" not in laptop
    path = "files/etc/feast/feature_store.yaml"
    sentinel = "sessions-2.sessions-headless.mlops.svc.cluster.local"
    assert f"# only in the cluster: {sentinel}, in {path}\n" in laptop


def test_a_laptop_gets_the_variables_that_the_user_wrote(laptop: str) -> None:
    assert "HOME=" not in laptop  # it is a folder of the image
    script = laptop.replace("\nTOKEN=", "\nTOKEN=t") + 'echo "$EPOCHS|$GREETING|$SERVER|$TOKEN"\n'
    result = subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True)
    assert result.stdout == '10|it\'s "$HOME" `ls` $(PGHOST)|localhost:5432|t\n', result.stderr
    assert (
        "get secret hub --output go-template='{{index .data \"token\" | base64decode}}'" in laptop
    )


def test_serverless_models_are_asked_by_their_names_at_knatives_gateway() -> None:
    """Their own Services select no pods, so kubectl forwards no port to these."""
    text = env("report", "--laptop", scenario="model-callers", environment="serverless").stdout
    gateway = "kubectl --namespace istio-system port-forward service/knative-local-gateway 8080:80"
    assert f"# churn, embeddings: {gateway}\n" in text
    host = "churn-predictor.serving.svc.cluster.local"
    assert f"add the line `127.0.0.1 {host}` to /etc/hosts" in text
    assert f"CHURN_URL=http://{host}:8080\n" in text


def test_the_kit_that_the_lines_name_can_be_written(tmp_path: Path) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_text(SPEC.replace("  workloads:", "    kserve: {mode: standard}\n  models:\n    risk: "
        "{image: 'registry.example.internal/risk:1', access: inside, uses: [seaweedfs]}\n  workloads:"))  # fmt: skip
    lines = run("env", "risk", "-f", spec, "--laptop").stdout
    (command,) = re.findall(r"`platformc (client-kit [^`]*)`", lines)
    result = run(*command.split(), "-f", spec)
    assert result.exit_code == 0, result.output
    kit = tmp_path / "clients/default/risk"
    (path,) = re.findall(r"AWS_CONFIG_FILE=(.*)", (kit / "client.env").read_text())
    assert (kit / path).is_file()


def test_a_program_that_uses_a_store_knows_its_bucket() -> None:
    assert "S3_BUCKET=sweep\n" in env("sweep", scenario="ceph", environment="prod").stdout
    # MLflow's bucket is not the program's own.
    assert "S3_BUCKET" not in env("train").stdout


def test_models_have_variables_too() -> None:
    result = env("churn", scenario="external-service")
    assert "PYPI_URL=https://pypi.corp.example.com/simple\n" in result.stdout


def test_an_unknown_name_is_said() -> None:
    result = env("trian")
    assert result.exit_code != 0
    assert "no workload or model `trian`; did you mean `train`?" in result.stderr


def test_every_image_of_the_users_knows_the_name_of_its_user() -> None:
    """`getpass.getuser()` fails in an image without a passwd entry for the user that runs it."""
    servers = [
        container
        for pod in templates("model-servers", "small")
        if pod.owner["kind"] == "InferenceService"
        for container in pod.spec["containers"]
        if "image" in container
    ]
    assert len(servers) == 3
    for container in servers:
        assert {"LOGNAME", "USER"} <= {variable["name"] for variable in container["env"]}
