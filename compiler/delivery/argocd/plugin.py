"""Write the rendering plugin: a sidecar of Argo CD's repository server that runs this compiler.

Facts about Argo CD 3.5.7: the sidecar's command is the plugin server, which an init container puts
into the volume `var-files`; it listens on a socket in `plugins`, runs as user 999, and unpacks each
request below `/tmp` of the sidecar. A `version` would become part of the name that applications
refer to.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from compiler.kube import yaml
from compiler.kube.kustomize import COMPONENT
from compiler.kube.volumes import TMP
from compiler.model.instance import PREFIX
from compiler.model.manifest import Manifest

NAME = "platformc"
CONFIG_MAP = "platformc-plugin"
SERVER = "argocd-repo-server"
USER = 999
# All applications of an Argo CD share the sidecar's memory, so the plugin reads smaller specs than other
# verbs: 5,000 models with 20 environments have 35,000 values and take 250 MiB.
MOST_VALUES = 50_000
# Some values make more objects than others: 12,000 Redis servers have 24,000 values and take 600 MiB.
MOST_MEMORY = 700 * 2**20  # bytes; the sidecar has 1 GiB
PARAMETERS = {
    "environment": (
        "Environment",
        "Which environment of the spec to render; may be left out where there is only one.",
    ),
    "component": ("Component", "Render only this component; empty: all of them."),
    "revision": (
        "Revision",
        "Render only this commit (or a beginning of it), and fail on any other; empty: any.",
    ),
}


def plugin() -> Manifest:
    """The ConfigManagementPlugin file: which repositories it applies to, its command and its
    parameters.
    """
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ConfigManagementPlugin",
        "metadata": {"name": NAME},
        "spec": {
            "discover": {"fileName": "platform.yaml"},
            "generate": {"command": ["platformc", "argocd", "generate"]},
            "parameters": {
                "static": [
                    {"name": name, "title": title, "tooltip": tooltip, "itemType": "string"}
                    for name, (title, tooltip) in PARAMETERS.items()
                ]
            },
        },
    }


def config_map(namespace: str) -> Manifest:
    """The ConfigMap that holds the plugin's file for the sidecar."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": CONFIG_MAP, "namespace": namespace},
        "data": {"plugin.yaml": yaml.dump(plugin())},
    }


def sidecar(namespace: str, image: str) -> Manifest:
    """A strategic merge patch that adds the sidecar to the repository server."""
    digest = sha256(yaml.dump(plugin()).encode()).hexdigest()[:16]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": SERVER, "namespace": namespace},
        "spec": {
            "template": {
                # The plugin server reads its file only at start, so a new file must restart it.
                "metadata": {"annotations": {f"{PREFIX}/plugin": digest}},
                "spec": {
                    "containers": [_container(image)],
                    "volumes": [
                        {"name": "platformc-plugin", "configMap": {"name": CONFIG_MAP}},
                        {"name": "platformc-tmp", "emptyDir": {"sizeLimit": "1Gi"}},
                    ],
                },
            }
        },
    }


def _container(image: str) -> dict[str, Any]:
    return {
        "name": NAME,
        "image": image,
        "command": ["/var/run/argocd/argocd-cmp-server"],
        "resources": {
            "requests": {"cpu": "100m", "memory": "256Mi"},
            "limits": {"cpu": "2", "memory": "1Gi"},
        },
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [
            {"name": "var-files", "mountPath": "/var/run/argocd"},
            {"name": "plugins", "mountPath": "/home/argocd/cmp-server/plugins"},
            {
                "name": "platformc-plugin",
                "mountPath": "/home/argocd/cmp-server/config/plugin.yaml",
                "subPath": "plugin.yaml",
            },
            {"name": "platformc-tmp", "mountPath": TMP},
        ],
    }


def component() -> Manifest:
    """A kustomize Component of both, for the kustomization that installs Argo CD."""
    return {
        **COMPONENT,
        "resources": ["configmap.yaml"],
        "patches": [{"path": "sidecar.yaml"}],
    }
