"""The work of a user's image here: log a run, and ask Feast where the environment names it."""

import os
import pathlib
import tempfile
import urllib.request

import mlflow

with mlflow.start_run() as run:
    mlflow.log_metric("accuracy", 0.9)
    file = pathlib.Path(tempfile.mkdtemp(), "model.txt")
    file.write_text("weights")
    mlflow.log_artifact(str(file))
path = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="model.txt")
assert pathlib.Path(path).read_text() == "weights"
print("Run logged successfully!")
if "FEAST_SERVER_URL" in os.environ:
    address = os.environ["FEAST_SERVER_URL"] + "/health"
    print("Feast answers", urllib.request.urlopen(address, timeout=10).status)
