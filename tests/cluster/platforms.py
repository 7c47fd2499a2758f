"""A platform from its text to running pods, by the commands that platformc prints."""

from __future__ import annotations

from pathlib import Path

from cluster import upstream
from cluster.node import Node

HERE = Path(__file__).parent


def deliver(node: Node, place: Path, spec: str) -> None:
    """Install what `prerequisites` prints, then run what `apply-plan` prints."""
    (place / "platform.yaml").write_text(spec)
    node.shell("platformc compile", place)
    upstream.install(node, place, "default")
    update(node, place, spec)


def update(node: Node, place: Path, spec: str) -> None:
    """Deliver a changed spec over a platform that runs."""
    (place / "platform.yaml").write_text(spec)
    node.shell("platformc compile; platformc secrets generate default", place)
    node.shell("platformc apply-plan default | sh -e", place)


def gateway_address(node: Node) -> str:
    service = node.get("service", "istio-ingressgateway", "-n", "istio-system")
    return str(service["status"]["loadBalancer"]["ingress"][0]["ip"])


def install_certificates(node: Node) -> None:
    """cert-manager's controllers, and the ClusterIssuer `internal-ca`."""
    definitions = upstream.OPERATORS / "cert_manager/manifests/crds.yaml"
    node.kubectl("apply", "--server-side", "-f", str(definitions))
    node.kubectl("wait", "--for=condition=Established", "-f", str(definitions), "--timeout=60s")
    node.kubectl("apply", "--server-side", "-f", str(HERE / "certificates.yaml"))
    node.kubectl("wait", "clusterissuer/internal-ca", "--for=condition=Ready", "--timeout=180s")
