"""A platform from its text to running pods, by the commands that platformc prints."""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from pathlib import Path

from cluster import upstream
from cluster.node import Node

HERE = Path(__file__).parent


def deliver(node: Node, folder: Path, spec: str, environment: str = "default") -> None:
    """Run the commands of `prerequisites`, then those of `apply-plan`."""
    (folder / "platform.yaml").write_text(spec)
    node.shell("platformc compile", folder)
    upstream.install(node, folder, environment)
    update(node, folder, spec, environment)


def update(node: Node, folder: Path, spec: str, environment: str = "default") -> None:
    """Deliver a changed spec over a platform that runs."""
    (folder / "platform.yaml").write_text(spec)
    node.shell(f"platformc compile; platformc secrets generate {environment}", folder)
    node.shell(f"platformc apply-plan {environment} | sh -e", folder)


def deliver_at_once(node: Node, folder: Path, spec: str) -> None:
    """Run the commands of `prerequisites`, then apply everything with one command, in no order."""
    (folder / "platform.yaml").write_text(spec)
    node.shell("platformc compile", folder)
    upstream.install(node, folder, "default")
    commands = (
        "platformc secrets generate default",
        "kubectl apply --server-side -k secrets/default",
        "kubectl apply --server-side -k overlays/default",
    )
    node.shell("; ".join(commands), folder)


def gateway_address(node: Node) -> str:
    service = node.get("service", "istio-ingressgateway", "-n", "istio-system")
    return str(service["status"]["loadBalancer"]["ingress"][0]["ip"])


def predictions(
    node: Node, host: str, model: str, rows: list[list[float]], count: int
) -> Counter[str]:
    """How often each answer of a model came to this many requests through the gateway."""
    resolved = f"{host}:80:{gateway_address(node)}"
    printed = node.on_node(
        "curl", "-sS", "--max-time", "600", "-w", "\\n", "--resolve", resolved,
        "-H", "Content-Type: application/json", "-d", json.dumps({"instances": rows}),
        f"http://{host}/v1/models/{model}:predict?request=[1-{count}]",
    )  # fmt: skip
    return Counter(printed.split("\n")[:-1])


def until_model_ready(node: Node, name: str) -> None:
    words = ("wait", f"inferenceservice/{name}", "-n", "mlops", "--for=condition=Ready")
    node.kubectl(*words, "--timeout=600s")


def install_certificates(node: Node) -> None:
    """cert-manager's controllers, and the ClusterIssuer `internal-ca`."""
    definitions = upstream.OPERATORS / "cert_manager/manifests/crds.yaml"
    node.kubectl("apply", "--server-side", "-f", str(definitions))
    node.kubectl("wait", "--for=condition=Established", "-f", str(definitions), "--timeout=60s")
    node.kubectl("apply", "--server-side", "-f", str(HERE / "certificates.yaml"))
    node.kubectl("wait", "clusterissuer/internal-ca", "--for=condition=Ready", "--timeout=180s")


def authority(node: Node) -> str:
    """The certificate of the authority behind `internal-ca`."""
    data = node.get("secret", "authority", "-n", "cert-manager")["data"]
    return b64decode(data["tls.crt"]).decode()
