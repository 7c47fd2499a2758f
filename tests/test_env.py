"""`platformc env`: the variables of a program, as its pod sees them and for a laptop."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.cluster import templates
from support.paths import SCENARIOS

from compiler.cli import platformc


def env(
    name: str, *options: str, scenario: str = "existing-logins", environment: str = "default"
) -> Result:
    spec = SCENARIOS / scenario / "platform.yaml"
    return CliRunner().invoke(platformc, ["env", name, environment, "-f", str(spec), *options])


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
    lines = CliRunner().invoke(platformc, ["env", "count", "-f", str(spec), "--laptop"]).stdout
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


def test_models_have_variables_too() -> None:
    result = env("churn", scenario="external-service")
    assert "PYPI_URL=https://pypi.corp.example.com/simple\n" in result.stdout


def test_an_unknown_name_is_said() -> None:
    result = env("trian")
    assert result.exit_code != 0
    assert "no workload or model `trian`; did you mean `train`?" in result.stderr
