"""Find violations of the `restricted` Pod Security Standard, which the platform's namespaces enforce.

The rules are from Kubernetes 1.34's page on the standards. Components obey them; a user's patch may not.
The `baseline` standard admits some of what `restricted` refuses; only `privileged` admits the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from compiler.model.manifest import Manifest

Level = Literal["baseline", "privileged"]

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
# The capabilities that `baseline` lets a container add; `restricted` only lets it bind low ports.
_BASELINE_CAPABILITIES = {
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
    "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}  # fmt: skip
_PROFILES = ("RuntimeDefault", "Localhost")
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_CONTEXT = frozenset({"seLinuxOptions", "appArmorProfile", "windowsOptions"})
_CALLED = frozenset({"livenessProbe", "readinessProbe", "startupProbe", "lifecycle"})
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


class Violation(NamedTuple):
    """A setting that `restricted` refuses, and the strictest standard that admits it."""

    text: str
    admitted_by: Level


def level_of(violations: Iterable[Violation]) -> Level:
    """The strictest standard that admits all of these violations."""
    levels = {violation.admitted_by for violation in violations}
    return "privileged" if "privileged" in levels else "baseline"


def of_annotations(annotations: Mapping[str, Any]) -> Iterator[Violation]:
    """Violations of the annotations of a pod, which is the older form of AppArmor's settings."""
    for key, value in sorted(annotations.items()):
        confined = value == "runtime/default" or str(value).startswith("localhost/")
        if key.startswith(_APPARMOR) and not confined:
            yield Violation(f"the annotation `{key}: {value}`", "privileged")


def of_pod(pod: Manifest) -> Iterator[Violation]:
    """Violations of the pod as a whole. A container does not mend them by a setting of its own."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield Violation(f"`{key}`", "privileged")
    security = pod.get("securityContext") or {}
    if not _CONTEXT.isdisjoint(security):
        yield from _of_context(security)
    for sysctl in security.get("sysctls") or ():
        if sysctl.get("name") not in _SYSCTLS:
            yield Violation(f"the sysctl `{sysctl.get('name')}`", "privileged")
    if security.get("runAsNonRoot") is False or security.get("runAsUser") == 0:
        yield Violation("no `runAsNonRoot: true`", "baseline")
    if security.get("seccompProfile", {}).get("type", _PROFILES[0]) not in _PROFILES:
        yield Violation("no `seccompProfile: {type: RuntimeDefault}`", "privileged")
    for volume in pod.get("volumes", ()):
        for kind in sorted(volume.keys() - _VOLUMES - {"name"}):
            level: Level = "privileged" if kind == "hostPath" else "baseline"
            yield Violation(f"`{volume['name']}` as a volume of the kind `{kind}`", level)


def _of_context(security: Manifest) -> Iterator[Violation]:
    """Violations of the settings that pods and containers have alike."""
    selinux = security.get("seLinuxOptions") or {}
    if selinux.get("type", "") not in _SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield Violation("`seLinuxOptions` of its own", "privileged")
    if (security.get("appArmorProfile") or {}).get("type", _PROFILES[0]) not in _PROFILES:
        yield Violation("no `appArmorProfile: {type: RuntimeDefault}`", "privileged")
    if (security.get("windowsOptions") or {}).get("hostProcess"):
        yield Violation("`hostProcess`", "privileged")


def _hosts(container: Manifest) -> Iterator[Violation]:
    """The probes and hooks of a container that name a host, which the node would call."""
    lifecycle = container.get("lifecycle") or {}
    handlers = {key: container.get(key) for key in _PROBES} | lifecycle
    for key, handler in handlers.items():
        calls = [(handler or {}).get(call) or {} for call in ("httpGet", "tcpSocket")]
        if any(call.get("host") for call in calls):
            yield Violation(f"a `host` in its `{key}`", "privileged")


def of_container(container: Manifest, pod: Manifest) -> Iterator[Violation]:
    """Violations of one container, which inherits settings from its pod."""
    security = container.get("securityContext")
    if security and not _CONTEXT.isdisjoint(security):  # seldom, and models have many containers
        yield from _of_context(security)
    if not _CALLED.isdisjoint(container):
        yield from _hosts(container)
    yield from _of_rights(container, pod)


def _of_rights(container: Manifest, pod: Manifest) -> Iterator[Violation]:
    """Violations that concern the user, the capabilities and the ports of a container."""
    security = container.get("securityContext", {})
    effective = {**pod.get("securityContext", {}), **security}
    capabilities = security.get("capabilities", {})
    if security.get("privileged"):
        yield Violation("`privileged`", "privileged")
    if security.get("allowPrivilegeEscalation") is not False:
        yield Violation("no `allowPrivilegeEscalation: false`", "baseline")
    if "ALL" not in capabilities.get("drop", ()):
        yield Violation("no `capabilities: {drop: [ALL]}`", "baseline")
    for capability in sorted(set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}):
        level: Level = "baseline" if capability in _BASELINE_CAPABILITIES else "privileged"
        yield Violation(f"the capability `{capability}`", level)
    if effective.get("runAsNonRoot") is not True or effective.get("runAsUser") == 0:
        yield Violation("no `runAsNonRoot: true`", "baseline")
    profile = effective.get("seccompProfile", {}).get("type")
    if profile not in _PROFILES:
        level = "privileged" if profile else "baseline"
        yield Violation("no `seccompProfile: {type: RuntimeDefault}`", level)
    if security.get("procMount", "Default") != "Default":
        yield Violation("`procMount`", "privileged")
    if any(port.get("hostPort") for port in container.get("ports", ())):
        yield Violation("a `hostPort`", "privileged")
