"""A pod that `restricted` Pod Security admits, and patches of it, with whether it admits the result."""

from __future__ import annotations

from typing import Any

from compiler.kube import pod_security

SOUND: dict[str, Any] = {
    "containers": [
        {
            "name": "one",
            "image": "registry.example.com/one:1",
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
        }
    ],
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "volumes": [{"name": "tmp", "emptyDir": {}}],
}
PATCHES: list[tuple[dict[str, Any], bool]] = [
    ({"op": "add", "path": "/hostNetwork", "value": True}, False),
    ({"op": "add", "path": "/hostIPC", "value": False}, True),
    ({"op": "add", "path": "/volumes/-", "value": {"name": "x", "hostPath": {"path": "/"}}}, False),
    ({"op": "add", "path": "/volumes/-", "value": {"name": "x", "secret": {"secretName": "x"}}}, True),
    ({"op": "remove", "path": "/securityContext/runAsNonRoot"}, False),
    ({"op": "add", "path": "/securityContext/runAsUser", "value": 0}, False),
    ({"op": "remove", "path": "/securityContext/seccompProfile"}, False),
    ({"op": "add", "path": "/containers/-", "value": {"name": "two", "image": "registry.example.com/two:1"}}, False),
    ({"op": "add", "path": "/initContainers", "value": [{"name": "two", "image": "registry.example.com/two:1"}]}, False),
    ({"op": "add", "path": "/containers/0/ports", "value": [{"containerPort": 80, "hostPort": 80}]}, False),
    ({"op": "add", "path": "/containers/0/ports", "value": [{"containerPort": 80}]}, True),
    ({"op": "add", "path": "/volumes/-", "value": {"name": "x", "nfs": {"server": "a", "path": "/"}}}, False),
    ({"op": "add", "path": "/securityContext/seccompProfile", "value": {"type": "Unconfined"}}, False),
    *(
        ({"op": "add", "path": f"/containers/0/securityContext/{key}", "value": value}, is_allowed)
        for key, value, is_allowed in (
            ("privileged", True, False),
            ("allowPrivilegeEscalation", True, False),
            ("capabilities/add", ["NET_ADMIN"], False),
            ("capabilities/add", ["CHOWN"], False),
            ("capabilities/add", ["NET_BIND_SERVICE"], True),
            ("capabilities/drop", ["NET_RAW"], False),
            ("procMount", "Unmasked", False),
            ("readOnlyRootFilesystem", False, True),
        )
    ),
    *(
        ({"op": "add", "path": f"{place}/securityContext/{key}", "value": value}, is_allowed)
        for place in ("", "/containers/0")
        for key, value, is_allowed in (
            ("seLinuxOptions", {"type": "spc_t"}, False),
            ("seLinuxOptions", {"type": "container_t", "level": "s0"}, True),
            ("seLinuxOptions", {"user": "system_u"}, False),
            ("appArmorProfile", {"type": "Unconfined"}, False),
            ("appArmorProfile", {"type": "RuntimeDefault"}, True),
            ("windowsOptions", {"hostProcess": True}, False),
        )
    ),
    *(
        ({"op": "add", "path": "/securityContext/sysctls", "value": [{"name": name, "value": "1"}]},
         is_allowed)
        for name, is_allowed in (("kernel.msgmax", False), ("net.ipv4.tcp_syncookies", True))
    ),
    *(
        ({"op": "add", "path": f"/containers/0/{key}", "value": handler}, is_allowed)
        for key, handler, is_allowed in (
            ("livenessProbe", {"httpGet": {"host": "169.254.169.254", "port": 80}}, False),
            ("readinessProbe", {"tcpSocket": {"host": "10.0.0.1", "port": 80}}, False),
            ("startupProbe", {"httpGet": {"port": 80}}, True),
            ("lifecycle", {"preStop": {"httpGet": {"host": "10.0.0.1", "port": 80}}}, False),
        )
    ),
]  # fmt: skip


def admitted_by(pod: dict[str, Any]) -> str:
    """The strictest standard that admits a pod, by the compiler's judgement."""
    violations = [*pod_security.of_pod(pod)]
    for kind in ("initContainers", "containers"):
        for container in pod.get(kind, ()):
            violations += pod_security.of_container(container, pod)
    return pod_security.level_of(violations) if violations else "restricted"
