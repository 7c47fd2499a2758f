"""Find violations of the `restricted` Pod Security Standard, which the platform's namespaces enforce.

The rules are from Kubernetes 1.34's page on the standards. Components obey them; a user's patch may not.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.model.resource import Manifest

_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip


def of_pod(pod: Manifest) -> Iterator[str]:
    """Violations of the pod as a whole."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield f"`{key}`"
    for volume in pod.get("volumes", ()):
        for kind in sorted(volume.keys() - _VOLUMES - {"name"}):
            yield f"`{volume['name']}` as a volume of the kind `{kind}`"


def of_container(container: Manifest, pod: Manifest) -> Iterator[str]:
    """Violations of one container, which inherits settings from its pod."""
    security = container.get("securityContext", {})
    effective = {**pod.get("securityContext", {}), **security}
    capabilities = security.get("capabilities", {})
    if security.get("privileged"):
        yield "`privileged`"
    if security.get("allowPrivilegeEscalation") is not False:
        yield "no `allowPrivilegeEscalation: false`"
    if "ALL" not in capabilities.get("drop", ()):
        yield "no `capabilities: {drop: [ALL]}`"
    for capability in sorted(set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}):
        yield f"the capability `{capability}`"
    if effective.get("runAsNonRoot") is not True or effective.get("runAsUser") == 0:
        yield "no `runAsNonRoot: true`"
    if effective.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "no `seccompProfile: {type: RuntimeDefault}`"
    if security.get("procMount", "Default") != "Default":
        yield "`procMount`"
    if any(port.get("hostPort") for port in container.get("ports", ())):
        yield "a `hostPort`"
