"""Find violations of the `restricted` Pod Security Standard, which the platform's namespaces enforce.

The rules are from Kubernetes 1.34's page on the standards. Components obey them; a user's patch may not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.model.resource import Manifest

_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip
_SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
}  # fmt: skip
_SELINUX_TYPES = {
    "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"
}  # fmt: skip
_PROFILES = ("RuntimeDefault", "Localhost")
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_CONTEXT = frozenset({"seLinuxOptions", "appArmorProfile", "windowsOptions"})
_CALLED = frozenset({"livenessProbe", "readinessProbe", "startupProbe", "lifecycle"})
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def of_annotations(annotations: Mapping[str, Any]) -> Iterator[str]:
    """Violations of the annotations of a pod, which is the older form of AppArmor's settings."""
    for key, value in sorted(annotations.items()):
        confined = value == "runtime/default" or str(value).startswith("localhost/")
        if key.startswith(_APPARMOR) and not confined:
            yield f"the annotation `{key}: {value}`"


def of_pod(pod: Manifest) -> Iterator[str]:
    """Violations of the pod as a whole. A container does not mend them by a setting of its own."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield f"`{key}`"
    security = pod.get("securityContext") or {}
    if not _CONTEXT.isdisjoint(security):
        yield from _of_context(security)
    for sysctl in security.get("sysctls") or ():
        if sysctl.get("name") not in _SYSCTLS:
            yield f"the sysctl `{sysctl.get('name')}`"
    if security.get("runAsNonRoot") is False or security.get("runAsUser") == 0:
        yield "no `runAsNonRoot: true`"
    if security.get("seccompProfile", {}).get("type", _PROFILES[0]) not in _PROFILES:
        yield "no `seccompProfile: {type: RuntimeDefault}`"
    for volume in pod.get("volumes", ()):
        for kind in sorted(volume.keys() - _VOLUMES - {"name"}):
            yield f"`{volume['name']}` as a volume of the kind `{kind}`"


def _of_context(security: Manifest) -> Iterator[str]:
    """Violations of the settings that pods and containers have alike."""
    selinux = security.get("seLinuxOptions") or {}
    if selinux.get("type", "") not in _SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield "`seLinuxOptions` of its own"
    if (security.get("appArmorProfile") or {}).get("type", _PROFILES[0]) not in _PROFILES:
        yield "no `appArmorProfile: {type: RuntimeDefault}`"
    if (security.get("windowsOptions") or {}).get("hostProcess"):
        yield "`hostProcess`"


def _hosts(container: Manifest) -> Iterator[str]:
    """The probes and hooks of a container that name a host, which the node would call."""
    lifecycle = container.get("lifecycle") or {}
    handlers = {key: container.get(key) for key in _PROBES} | lifecycle
    for key, handler in handlers.items():
        calls = [(handler or {}).get(call) or {} for call in ("httpGet", "tcpSocket")]
        if any(call.get("host") for call in calls):
            yield f"a `host` in its `{key}`"


def of_container(container: Manifest, pod: Manifest) -> Iterator[str]:
    """Violations of one container, which inherits settings from its pod."""
    security = container.get("securityContext")
    if security and not _CONTEXT.isdisjoint(security):  # seldom, and models have many containers
        yield from _of_context(security)
    if not _CALLED.isdisjoint(container):
        yield from _hosts(container)
    yield from _of_rights(container, pod)


def _of_rights(container: Manifest, pod: Manifest) -> Iterator[str]:
    """Violations that concern the user, the capabilities and the ports of a container."""
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
    if effective.get("seccompProfile", {}).get("type") not in _PROFILES:
        yield "no `seccompProfile: {type: RuntimeDefault}`"
    if security.get("procMount", "Default") != "Default":
        yield "`procMount`"
    if any(port.get("hostPort") for port in container.get("ports", ())):
        yield "a `hostPort`"
