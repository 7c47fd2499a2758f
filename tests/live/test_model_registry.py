"""Models by alias, from the registries of two running MLflow servers: one lets clients write to the
store, one takes their files itself. The locked files are read with the key of the models' store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from live.platforms import Platform
from live.pods.node import Node
from live.pods.objects import Manifest

pytestmark = pytest.mark.live

SPEC = """
  components:
    minio: {namespace: storage}
    postgres: {}
    kserve: {mode: standard}
    mlflow: {smoke: false, workers: 1}
    mlflow-red: {type: mlflow, smoke: false, workers: 1, artifacts: proxied}
  workloads:
    training: {image: registry.example.internal/training:1.0.0, uses: [mlflow]}
    training-red: {image: registry.example.internal/training:1.0.0, uses: [mlflow-red]}
    scoring: {image: registry.example.internal/scoring:1.0.0, schedule: "0 1 * * *"}
"""
SERVED = SPEC.replace(
    'schedule: "0 1 * * *"}',
    """schedule: "0 1 * * *", uses: [churn, fraud]}
  models:
    churn: {model: churn, alias: champion, bind: {tracking: mlflow}}
    fraud: {model: fraud, alias: champion, bind: {tracking: mlflow-red}}
""",
)
REGISTER = """
import mlflow, numpy, pandas
from sklearn.linear_model import LinearRegression
columns = {columns!r}
data = pandas.DataFrame({{name: numpy.arange(8.0) for name in columns}})
model = LinearRegression().fit(data, data[columns[0]])
signature = mlflow.models.infer_signature(data, model.predict(data))
with mlflow.start_run():
    info = mlflow.sklearn.log_model(model, name="model", signature=signature,
                                    registered_model_name={name!r})
mlflow.MlflowClient().set_registered_model_alias(
    {name!r}, "champion", info.registered_model_version)
print("registered", info.registered_model_version)
"""
KEYS = """
import boto3
s3 = boto3.client("s3", aws_access_key_id={AWS_ACCESS_KEY_ID!r},
                  aws_secret_access_key={AWS_SECRET_ACCESS_KEY!r})
bucket, _, prefix = {uri!r}.removeprefix("s3://").partition("/")
files = s3.list_objects_v2(Bucket=bucket, Prefix=prefix + "/").get("Contents", ())
print(sorted(item["Key"].removeprefix(prefix) for item in files))
print(sum(item["Size"] for item in files))
print(s3.get_object(Bucket=bucket, Key=prefix + "/MLmodel")["Body"].read().decode())
"""


# The variables that KServe's webhook writes from the annotations of the key's Secret (0.20.0, pkg/credentials/s3).
FROM_ANNOTATIONS = {
    "s3-region": "AWS_DEFAULT_REGION",
    "s3-verifyssl": "S3_VERIFY_SSL",
    "s3-usevirtualbucket": "S3_USER_VIRTUAL_BUCKET",
}
LISTING = """
import pathlib
folder = pathlib.Path("/mnt/models")
print(sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()))
print((folder / "MLmodel").read_text())
"""


def register(node: Node, workload: str, name: str, columns: list[str]) -> str:
    return node.script("mlops", workload, REGISTER.format(name=name, columns=columns), 240)


def platformc(node: Node, directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command where the port-forwards to both servers listen."""
    return subprocess.run(
        [*node.network.command(), sys.executable, "-m", "compiler", *arguments],
        capture_output=True, text=True, timeout=120, cwd=directory, check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


SERVERS = ("--server", "mlflow=http://localhost:5000",
           "--server", "mlflow-red=http://localhost:5001")  # fmt: skip


def forward(node: Node, name: str, port: int) -> None:
    """`kubectl port-forward`: MLflow answers to no other name than its own and `localhost`."""
    backends = [(node.pod("mlops", name).address, 5000)]
    node.discovery.forwarder.set("127.0.0.1", port, lambda: backends)


def locked(directory: Path) -> dict[str, dict[str, object]]:
    content = yaml.safe_load((directory / "platform.lock").read_text())
    models: dict[str, dict[str, object]] = content["models"]["default"]
    return models


@pytest.fixture(scope="module")
def registered(platform: Platform, node: Node) -> Platform:
    forward(node, "mlflow", 5000)
    forward(node, "mlflow-red", 5001)
    assert "registered 1" in register(node, "training", "churn", ["age"])
    assert "registered 1" in register(node, "training-red", "fraud", ["amount"])
    return platform.write(SERVED)


def test_a_model_without_a_lock_does_not_compile(registered: Platform, node: Node) -> None:
    result = platformc(node, registered.directory, "compile")
    assert result.returncode == 1
    assert result.stderr.count("error[unlocked-model]") == 2


def test_the_lock_has_what_the_registries_say(registered: Platform, node: Node) -> None:
    result = platformc(node, registered.directory, "models", "lock", *SERVERS)
    assert result.returncode == 0, result.stderr
    churn, fraud = locked(registered.directory).values()
    assert churn["version"] == fraud["version"] == "1"
    assert churn["flavour"] == fraud["flavour"] == "sklearn"
    assert churn["inputs"] == {"age": "double"}
    assert str(churn["uri"]).startswith("s3://mlflow/")
    assert str(fraud["uri"]).startswith("s3://mlflow-red/")


def test_the_key_of_the_models_reads_what_the_lock_says(registered: Platform, node: Node) -> None:
    node.apply(registered.compile())
    node.wait(200)
    secret = node.secret_values("mlops", "models-mlops-store")
    for name, entry in locked(registered.directory).items():
        program = KEYS.format(**secret, uri=entry["uri"])
        files, size, mlmodel = node.script("mlops", "training", program).split("\n", 2)
        assert "/MLmodel" in files
        assert int(size) >= int(str(entry["size"])) > 0, name
        assert "sklearn" in yaml.safe_load(mlmodel)["flavors"]


def fetching(secret: Manifest, uri: str) -> Manifest:
    """A predictor's pod template with KServe's initializer, as its webhook makes it for a URI."""
    name, annotations = secret["metadata"]["name"], secret["metadata"]["annotations"]
    settings = {key.removeprefix("serving.kserve.io/"): text for key, text in annotations.items()}
    scheme = "https" if settings["s3-usehttps"] == "1" else "http"
    values = {
        "S3_USE_HTTPS": settings["s3-usehttps"],
        "S3_ENDPOINT": settings["s3-endpoint"],
        "AWS_ENDPOINT_URL": f"{scheme}://{settings['s3-endpoint']}",
        **{variable: settings[key] for key, variable in FROM_ANNOTATIONS.items()},
    }
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    env = [
        *({"name": key, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}} for key in keys),
        *({"name": variable, "value": value} for variable, value in values.items()),
    ]
    mounts = [{"name": "files", "mountPath": "/mnt/models"}]
    initializer = {
        "name": "storage-initializer",
        "image": "docker.io/kserve/storage-initializer:v0.20.0",
        "args": [uri, "/mnt/models"],
        "env": env,
        "volumeMounts": mounts,
    }
    server = {
        "name": "kserve-container",
        "image": "registry.example.internal/scoring:1.0.0",
        "command": ["python", "-c", LISTING],
        "volumeMounts": mounts,
    }
    pod = {"initContainers": [initializer], "containers": [server],
           "volumes": [{"name": "files", "emptyDir": {}}]}  # fmt: skip
    return {"metadata": {}, "spec": {**pod, "restartPolicy": "Never"}}


def test_the_initializer_of_kserve_fetches_what_the_lock_says(
    registered: Platform, node: Node
) -> None:
    secret = node.objects.get("Secret", "mlops", "models-mlops-store")
    for name, entry in locked(registered.directory).items():
        template = fetching(secret, str(entry["uri"]))
        pod = node.run("mlops", f"{name}-predictor", template=template)
        files, mlmodel = node.completed(pod, 120).split("\n", 1)
        assert "'MLmodel'" in files
        assert "'model.skops'" in files
        assert "sklearn" in yaml.safe_load(mlmodel)["flavors"]


def test_an_alias_that_moved_is_noticed_and_the_difference_read(
    registered: Platform, node: Node, tmp_path: Path
) -> None:
    directory = registered.directory
    check = ("models", "lock", "--check", *SERVERS)
    assert platformc(node, directory, *check).returncode == 0
    before = tmp_path / "before"
    before.mkdir()
    for name in ("platform.yaml", "platform.lock"):
        (before / name).write_text((directory / name).read_text())
    assert "registered 2" in register(node, "training", "churn", ["age", "tenure"])
    moved = platformc(node, directory, *check)
    assert moved.returncode == 1
    assert "churn: churn@champion has moved to version 2, the lock has 1" in moved.stderr
    assert (directory / "platform.lock").read_text() == (before / "platform.lock").read_text()
    assert platformc(node, directory, "models", "lock", *SERVERS).returncode == 0
    assert locked(directory)["churn"]["previous"] == locked(before)["churn"]["uri"]
    difference = platformc(node, directory, "diff", str(before), "./platform.yaml").stdout
    assert "version 1 to 2: the signature gains `tenure` (double)" in difference


def test_what_a_registry_lacks_is_refused_and_the_lock_stays(
    registered: Platform, node: Node
) -> None:
    directory = registered.directory
    lock_text = (directory / "platform.lock").read_text()
    registered.write(SERVED.replace("model: churn, alias: champion", "model: churn, alias: best"))
    refused = platformc(node, directory, "models", "lock", *SERVERS)
    assert refused.returncode == 1
    assert "Registered model alias best not found" in refused.stderr
    registered.write(SERVED.replace("model: churn,", "model: churned,"))
    refused = platformc(node, directory, "models", "lock", *SERVERS)
    assert "error[unknown-version]" in refused.stderr
    assert (directory / "platform.lock").read_text() == lock_text
