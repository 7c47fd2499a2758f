"""What the `restricted` Pod Security Standard, which the platform's namespaces enforce, forbids a pod.

From Kubernetes 1.34's own page on the standards. What platformc writes keeps to it; a patch may not.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.model.resource import Manifest

_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip


def of_pod(pod: Manifest) -> Iterator[str]:
    """What the standard forbids of a pod as a whole."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield f"`{key}`"
    for volume in pod.get("volumes", ()):
        for kind in sorted(volume.keys() - _VOLUMES - {"name"}):
            yield f"`{volume['name']}` as a volume of the kind `{kind}`"


def of_container(container: Manifest, pod: Manifest) -> Iterator[str]:
    """What it forbids of one container, which inherits from its pod."""
    own = container.get("securityContext", {})
    both = {**pod.get("securityContext", {}), **own}
    capabilities = own.get("capabilities", {})
    if own.get("privileged"):
        yield "`privileged`"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "no `allowPrivilegeEscalation: false`"
    if "ALL" not in capabilities.get("drop", ()):
        yield "no `capabilities: {drop: [ALL]}`"
    for one in sorted(set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}):
        yield f"the capability `{one}`"
    if both.get("runAsNonRoot") is not True or both.get("runAsUser") == 0:
        yield "no `runAsNonRoot: true`"
    if both.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "no `seccompProfile: {type: RuntimeDefault}`"
    if own.get("procMount", "Default") != "Default":
        yield "`procMount`"
    if any(port.get("hostPort") for port in container.get("ports", ())):
        yield "a `hostPort`"
