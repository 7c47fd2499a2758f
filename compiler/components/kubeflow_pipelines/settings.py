"""What the API server reads of a file: its settings that no variable holds, and no plugin.

The file in 2.17's image turns its MLflow plugin on, with another platform's server as the endpoint:
each run would wait for that. A plugin is on when its key is there at all (apiserver/plugins/mlflow,
`viper.IsSet`), which no variable undoes. Steps log to MLflow all the same, by `uses`.
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
    "ObjectStoreConfig": {"PipelinePath": "pipelines"},
}


def files(me: model.Instance[Any]) -> model.ConfigFiles:
    text = json.dumps(SETTINGS, indent=2, sort_keys=True) + "\n"
    return model.ConfigFiles(_name(me), me.namespace, {FILE: text})


def volume(me: model.Instance[Any]) -> kube.Volume:
    """The one file over the image's own: others lie beside it."""
    source = {"configMap": {"name": _name(me)}}
    return kube.Volume("settings", source, f"/config/{FILE}", read_only=True, sub_path=FILE)


def _name(me: model.Instance[Any]) -> str:
    return f"{me.name}-settings"
