"""What a user's own image does here: log a run where there is MLflow, ask lakeFS where there is one."""

import os
import pathlib
import tempfile
import urllib.request

if "MLFLOW_TRACKING_URI" in os.environ:
    import mlflow

    with mlflow.start_run() as run:
        mlflow.log_metric("accuracy", 0.9)
        file = pathlib.Path(tempfile.mkdtemp(), "model.txt")
        file.write_text("weights")
        mlflow.log_artifact(str(file))
    path = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="model.txt")
    assert pathlib.Path(path).read_text() == "weights"
    print("Run logged successfully!")
if "LAKECTL_SERVER_ENDPOINT_URL" in os.environ:
    server = os.environ["LAKECTL_SERVER_ENDPOINT_URL"].rstrip("/").removesuffix("/api/v1")
    print("lakeFS:", urllib.request.urlopen(f"{server}/_health", timeout=10).status)
