"""Controllers of credentials that run for real: External Secrets and Sealed Secrets, as processes.

In their pods they would find the API server by the name `kubernetes.default` and their account in
/var/run/secrets; here their own mount namespace shows them both. Facts are of External Secrets
0.20.4 and Sealed Secrets 0.27.1.
"""

from __future__ import annotations

from pathlib import Path

from live.control_plane import ControlPlane, definitions
from live.pods.images import HOME

EXTERNAL_SECRETS, SEALED_SECRETS = HOME / "bin/external-secrets", HOME / "bin/sealed-secrets"
NAMESPACE = "kube-system"
_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
# $1 is a file of hosts, $2 a folder with the account; the rest is the program.
_IN_A_POD = f"""
mount --bind "$1" /etc/hosts
mount -t tmpfs tmpfs /var/run
mkdir -p {_ACCOUNT}
mount --bind "$2" {_ACCOUNT}
shift 2
exec "$@"
"""


def external_secrets(plane: ControlPlane) -> None:
    plane.define(
        definition
        for (group, _), definition in definitions().items()
        if group.endswith("external-secrets.io")
    )
    _start(
        plane, "external-secrets", EXTERNAL_SECRETS, "--concurrent=4", "--loglevel=warn",
        "--metrics-addr=0", "--live-addr=0", "--enable-push-secret-reconciler=false",
        "--enable-cluster-push-secret-reconciler=false", "--store-requeue-interval=2s",
    )  # fmt: skip


def sealed_secrets(plane: ControlPlane) -> None:
    plane.define(
        definition for (group, _), definition in definitions().items() if group == "bitnami.com"
    )
    _start(
        plane, "sealed-secrets", SEALED_SECRETS, "--update-status",
        f"--listen-addr={plane.address}:8080", f"--listen-metrics-addr={plane.address}:8081",
    )  # fmt: skip
    keys = ("get", "secrets", "-n", NAMESPACE, "-l", "sealedsecrets.bitnami.com/sealed-secrets-key")
    plane.until(lambda: bool(plane.run(*keys, "-o", "name").stdout), "the controller's key")


def certificate(plane: ControlPlane) -> str:
    """The certificate that kubeseal would fetch from the controller, which nothing reaches here."""
    return plane.kubectl(
        "get", "secrets", "-n", NAMESPACE, "-l", "sealedsecrets.bitnami.com/sealed-secrets-key",
        "-o", 'go-template={{index (index .items 0).data "tls.crt" | base64decode}}',
    )  # fmt: skip


def _start(plane: ControlPlane, name: str, *command: str | Path) -> None:
    folder = plane.place / name
    folder.mkdir(exist_ok=True)
    (folder / "hosts").write_text(f"127.0.0.1 localhost\n{plane.address} kubernetes.default\n")
    account = folder / "account"
    account.mkdir(exist_ok=True)
    (account / "token").write_text(plane.token)
    (account / "ca.crt").write_text(plane.certificate.read_text())
    (account / "namespace").write_text(NAMESPACE)
    plane.start(
        name, "env", f"KUBERNETES_SERVICE_HOST={plane.address}", "KUBERNETES_SERVICE_PORT=443",
        f"POD_NAMESPACE={NAMESPACE}", "unshare", "--mount", "sh", "-ec", _IN_A_POD, "sh",
        folder / "hosts", account, *command,
    )  # fmt: skip
