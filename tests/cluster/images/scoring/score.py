"""The work of a user's image here: read features from Feast's online store, and log a run of them."""

import json
import pathlib

import mlflow
from feast import FeatureStore

answer = FeatureStore().get_online_features(["order_statistics:order_count"], [{"customer_id": 2}])
orders = answer.to_dict()["order_count"][0]
file = pathlib.Path("/tmp/scores.json")
file.write_text(json.dumps({"orders": orders}))
with mlflow.start_run():
    mlflow.log_metric("orders", orders)
    mlflow.log_artifact(str(file))
print("logged", orders)
