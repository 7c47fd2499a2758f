"""Write the configuration file of the API server: settings that follow from no binding, and no plugin.

The file in 2.17's image enables an MLflow plugin with the endpoint of another platform: each run
would wait for it. A plugin is enabled if its key exists (apiserver/plugins/mlflow, `viper.IsSet`),
and no variable can disable it. Steps can still log to MLflow through `uses`.

The server ends at once where no address of the visualisation server is written (main.go, startRPCServer),
which is a part for version 1 pipelines that is left out; upstream's README gives developers this one.
"""

from __future__ import annotations

import json
from typing import Any

from compiler import kube, model

FILE = "config.json"
SETTINGS = {
    "CacheEnabled": "true",
    "DBConfig": {"ConMaxLifeTime": "120s", "MySQLConfig": {"GroupConcatMaxLen": "4194304"}},
    "InitConnectionTimeout": "6m",
    "ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_HOST": "localhost",
    "ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_PORT": "8888",
    "ObjectStoreConfig": {"PipelinePath": "pipelines"},
}


def files(me: model.Instance[Any]) -> model.ConfigFiles:
    text = json.dumps(SETTINGS, indent=2, sort_keys=True) + "\n"
    return model.ConfigFiles(_name(me), me.namespace, {FILE: text})


def volume(me: model.Instance[Any]) -> kube.Volume:
    """Mounts the one file over the image's; the other files of the folder stay."""
    source = {"configMap": {"name": _name(me)}}
    return kube.Volume("settings", source, f"/config/{FILE}", read_only=True, sub_path=FILE)


def _name(me: model.Instance[Any]) -> str:
    return f"{me.name}-settings"
