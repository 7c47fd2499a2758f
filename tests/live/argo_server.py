"""Argo's real server or controller next to a control plane: with the rights that upstream gives it, and the compiled settings."""

from __future__ import annotations

from pathlib import Path

import yaml

from live import around_gateway
from live.control_plane import ControlPlane
from live.platforms import Manifest
from live.pods.images import HOME
from live.pods.netns import Netns

OPERATOR = HOME / "operators/argo"
INSTALLED = OPERATOR / "manifests/install.yaml"
SERVER = "argo-server"
KINDS = ("ServiceAccount", "Secret", "RoleBinding")


def install(plane: ControlPlane, platform: Path) -> Path:
    """Argo's objects with the printed settings; the folder of the printed patches."""
    plane.apply([around_gateway.namespace("argo")])
    plane.kubectl("apply", "--server-side", "-n", "argo", "-f", str(INSTALLED))
    patches = platform / "prerequisites/default/argo-workflows"
    name = "workflow-controller-configmap"
    patch = str(patches / f"patch-configmap-{name}.yaml")
    plane.kubectl("patch", "configmap", name, "-n", "argo", "--patch-file", patch)
    return patches


def start_controller(plane: ControlPlane, network: Netns) -> None:
    """The controller, in a network where its ports are free."""
    config = _kubeconfig(plane, "argo")
    plane.start(
        "workflow-controller", *network.command(), "env", "LEADER_ELECTION_IDENTITY=controller",
        f"KUBECONFIG={config}", OPERATOR / "workflow-controller",
    )  # fmt: skip


def start(plane: ControlPlane, platform: Path, objects: list[Manifest]) -> None:
    """The server, as the printed patches leave it, with the compiled accounts of people."""
    patches = install(plane, platform)
    plane.apply(entry for entry in objects if entry["kind"] in KINDS and _of_argo(entry))
    deployment = yaml.safe_load((patches / f"patch-deployment-{SERVER}.yaml").read_text())
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    variables = [f"{entry['name']}={entry['value']}" for entry in container["env"]]
    plane.start(
        SERVER,
        "env",
        *variables,
        f"KUBECONFIG={_kubeconfig(plane, SERVER)}",
        OPERATOR / "argo",
        "server",
    )


def _of_argo(manifest: Manifest) -> bool:
    """Whether an object is in Argo's namespace, or gives rights to one of its accounts."""
    subjects = manifest.get("subjects", ())
    return "argo" in (
        manifest["metadata"]["namespace"],
        *(subject["namespace"] for subject in subjects),
    )


def _kubeconfig(plane: ControlPlane, account: str) -> Path:
    """The identity of the program's pods, and not that of the cluster's administrator."""
    config = yaml.safe_load(plane.kubeconfig.read_text())
    token = plane.kubectl("create", "token", account, "-n", "argo").strip()
    config["users"][0]["user"] = {"token": token}
    config["contexts"][0]["context"]["namespace"] = "argo"
    path = plane.place / f"{account}.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path
