"""Every pod that platformc writes: the `restricted` Pod Security Standard, and the platform's additions.

The standard is written down here as its own documentation has it (Kubernetes 1.34, "Pod Security
Standards"), not by the builder's means, so that a builder can be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonpatch
import pytest
from support.cluster import Template, environments, lowered, objects, objects_of, templates
from support.pod_patches import PATCHES, SOUND, admitted_by

from compiler import pipeline
from compiler.kube.admission import insecure
from compiler.model.instance import PREFIX

VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip
SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
}  # fmt: skip
# Why an object may break a check; the annotation's name ends in the check's.
EXEMPTION = f"exempt.{PREFIX}/"

each_environment = pytest.mark.parametrize(("scenario", "environment"), environments())


def restricted(pod: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Violations of the standard by a pod: the check's name, and where."""
    yield from _pod_wide(pod)
    for container in _containers(pod):
        for check in _container(container, pod.get("securityContext", {})):
            yield check, container["name"]


def _containers(pod: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from pod.get(key, ())


def _pod_wide(pod: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield "host-namespaces", key
    for volume in pod.get("volumes", ()):
        if not set(volume) - {"name"} <= VOLUMES:
            yield "volume-types", volume["name"]
    context = pod.get("securityContext", {})
    for sysctl in context.get("sysctls", ()):
        if sysctl["name"] not in SYSCTLS:
            yield "sysctls", sysctl["name"]
    for part in (pod, *_containers(pod)):
        if part.get("securityContext", {}).get("windowsOptions", {}).get("hostProcess"):
            yield "host-process", part.get("name", "pod")


def _container(container: dict[str, Any], pod: dict[str, Any]) -> Iterator[str]:
    container_context = container.get("securityContext", {})
    context = {**pod, **container_context}
    capabilities = container_context.get("capabilities", {})
    added = set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}
    keeps_capabilities = "ALL" not in capabilities.get("drop", ())
    seccomp = context.get("seccompProfile", {}).get("type")
    armor = context.get("appArmorProfile", {}).get("type")
    forbidden = {
        "privileged": container_context.get("privileged", False),
        "privilege-escalation": container_context.get("allowPrivilegeEscalation") is not False,
        "capabilities": keeps_capabilities or bool(added),
        "non-root": context.get("runAsNonRoot") is not True or context.get("runAsUser") == 0,
        "seccomp": seccomp not in ("RuntimeDefault", "Localhost"),
        "proc-mount": container_context.get("procMount", "Default") != "Default",
        "host-ports": any("hostPort" in port for port in container.get("ports", ())),
        "probe-host": any("host" in handler for handler in _handlers(container)),
        "app-armor": armor == "Unconfined",
        "selinux": _selinux(context.get("seLinuxOptions", {})),
    }
    yield from (check for check, broken in forbidden.items() if broken)


def _selinux(options: dict[str, Any]) -> bool:
    types = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
    return options.get("type", "") not in types or bool({"user", "role"} & set(options))


def _handlers(container: dict[str, Any]) -> Iterator[dict[str, Any]]:
    probes = [container.get(f"{probe}Probe", {}) for probe in ("liveness", "readiness", "startup")]
    for probe in (*probes, *container.get("lifecycle", {}).values()):
        yield probe.get("httpGet", {})
        yield probe.get("tcpSocket", {})


def beyond(template: Template) -> Iterator[tuple[str, str]]:
    """The platform's demands on its pods beyond the standard."""
    pod = template.spec
    if pod.get("enableServiceLinks") is not False:
        yield "service-links", "pod"
    for container in template.containers():
        name, context = container["name"], container.get("securityContext", {})
        if context.get("readOnlyRootFilesystem") is not True:
            yield "read-only-root", name
        user = context.get("runAsUser", pod.get("securityContext", {}).get("runAsUser"))
        if not isinstance(user, int):
            yield "numeric-user", name
        resources = container.get("resources", {})
        for side in ("requests", "limits"):
            if not {"cpu", "memory", "ephemeral-storage"} <= set(resources.get(side, {})):
                yield "resources", f"{name} {side}"


def unexcused(template: Template, actual: Iterator[tuple[str, str]]) -> list[str]:
    """The violations without a reason written on the object, or on its pod."""
    metadata = template.owner["metadata"]
    excuses = {**metadata.get("annotations", {}), **template.annotations}
    return [
        f"{template.name}: {check} ({where})"
        for check, where in actual
        if not excuses.get(f"{EXEMPTION}{check}")
    ]


@each_environment
def test_every_pod_is_restricted(scenario: str, environment: str) -> None:
    pods = templates(scenario, environment)
    assert [problem for pod in pods for problem in unexcused(pod, restricted(pod.spec))] == []


@pytest.mark.parametrize(
    ("operation", "is_allowed"), PATCHES, ids=lambda parameter: str(parameter)[:60]
)
def test_a_patch_that_the_standard_forbids_does_not_compile(
    operation: dict[str, Any], is_allowed: bool
) -> None:
    """Patches of a pod are judged as the standard does, which is written down above."""
    pod = jsonpatch.apply_patch(SOUND, [operation])
    spec = {"selector": {}, "template": {"metadata": {"labels": {}}, "spec": pod}}
    actual = list(insecure({"kind": "Deployment", "metadata": {"name": "x"}, "spec": spec}))
    assert (not actual) == is_allowed == (not list(restricted(pod)))


@pytest.mark.parametrize(
    ("operation", "level"),
    [
        ({"op": "add", "path": "/hostNetwork", "value": True}, "privileged"),
        ({"op": "remove", "path": "/securityContext/runAsNonRoot"}, "baseline"),
        ({"op": "remove", "path": "/securityContext/seccompProfile"}, "baseline"),
        ({"op": "add", "path": "/containers/0/securityContext/capabilities/add", "value": ["CHOWN"]}, "baseline"),
        ({"op": "add", "path": "/containers/0/securityContext/capabilities/add", "value": ["NET_ADMIN", "CHOWN"]},
         "privileged"),
        ({"op": "add", "path": "/volumes/-", "value": {"name": "x", "hostPath": {"path": "/"}}}, "privileged"),
        ({"op": "add", "path": "/volumes/-", "value": {"name": "x", "nfs": {"server": "a", "path": "/"}}}, "baseline"),
    ],
)  # fmt: skip
def test_the_standard_that_admits_a_pod(operation: dict[str, Any], level: str) -> None:
    """`tests/live/test_apply.py` asks a real API server about all patches."""
    assert admitted_by(jsonpatch.apply_patch(SOUND, [operation])) == level


@pytest.mark.parametrize(
    ("key", "value", "is_allowed"),
    [
        ("container.apparmor.security.beta.kubernetes.io/one", "unconfined", False),
        ("container.apparmor.security.beta.kubernetes.io/one", "runtime/default", True),
        ("example.com/one", "unconfined", True),
    ],
)
def test_an_annotation_that_the_standard_forbids(key: str, value: str, is_allowed: bool) -> None:
    metadata = {"labels": {}, "annotations": {key: value}}
    spec = {"selector": {}, "template": {"metadata": metadata, "spec": SOUND}}
    actual = list(insecure({"kind": "Deployment", "metadata": {"name": "x"}, "spec": spec}))
    assert (not actual) == is_allowed


@pytest.mark.parametrize(
    "context",
    [{"runAsNonRoot": False}, {"runAsUser": 0}, {"seccompProfile": {"type": "Unconfined"}}],
)
def test_a_container_does_not_mend_its_pod(context: dict[str, Any]) -> None:
    """The standard judges the setting of the pod too, although each container replaces it."""
    good = {**SOUND["containers"][0]["securityContext"], **SOUND["securityContext"], "runAsUser": 1}
    containers = [{"name": "one", "securityContext": good}]
    pod = {"containers": containers, "securityContext": {**SOUND["securityContext"], **context}}
    spec = {"selector": {}, "template": {"metadata": {"labels": {}}, "spec": pod}}
    assert list(insecure({"kind": "Deployment", "metadata": {"name": "x"}, "spec": spec}))


@each_environment
def test_every_pod_is_bounded_and_cannot_change_its_image(scenario: str, environment: str) -> None:
    pods = templates(scenario, environment)
    requested = _writable_by_request(scenario, environment)
    problems = [
        problem
        for pod in pods
        for problem in unexcused(pod, beyond(pod))
        if not ("read-only-root" in problem and pod.owner["metadata"]["name"] in requested)
    ]
    assert problems == []


@each_environment
def test_every_image_is_pulled_by_the_platforms_policy(scenario: str, environment: str) -> None:
    """In every form of a pod, so that a workflow or a model runs no image that its node has from before."""
    policy = lowered(scenario, environment).platform.settings.registry.pull_policy
    others = [
        (pod.name, container["name"])
        for pod in templates(scenario, environment)
        for container in pod.containers()
        if "image" in container and container.get("imagePullPolicy") != policy
    ]
    assert others == []


def test_the_steps_of_a_workflow_are_pulled_by_the_platforms_policy() -> None:
    text = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: example}
spec:
  registry: {pullPolicy: IfNotPresent}
  components: {seaweedfs: {}, argo-workflows: {archive: false}}
  workloads:
    backtest:
      image: registry.example.internal/backtest:1
      workflow: true
      init: [{command: [python, prepare.py]}]
"""
    result = pipeline.compile(text.encode(), "platform.yaml").lowered["default"]
    (template,) = (m for m in objects_of(result) if m["kind"] == "WorkflowTemplate")
    (step,) = template["spec"]["templates"]
    containers = [step["container"], *step["initContainers"]]
    assert [c["imagePullPolicy"] for c in containers] == ["IfNotPresent"] * 2


def _writable_by_request(scenario: str, environment: str) -> set[str]:
    """Objects of workloads with `writableRoot: true`."""
    packages = lowered(scenario, environment).packages.values()
    return {
        resource.name
        for package in packages
        if package.instance and getattr(package.instance.spec, "writable_root", False)
        for resource in package.resources
    }


@each_environment
def test_each_instance_has_an_account_of_its_own(scenario: str, environment: str) -> None:
    accounts = {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"])
        for manifest in objects(scenario, environment)
        if manifest["kind"] == "ServiceAccount"
    }
    users: dict[tuple[str, str], set[str]] = {}
    for template in templates(scenario, environment):
        if template.operated:
            continue
        account = (template.namespace, template.spec.get("serviceAccountName", "default"))
        assert account in accounts, template.name
        users.setdefault(account, set()).add(
            template.owner["metadata"]["labels"]["app.kubernetes.io/instance"]
        )
    shared = {
        account: account_users for account, account_users in users.items() if len(account_users) > 1
    }
    models = {instance.name for instance in lowered(scenario, environment).graph.instances.values()
              if instance.section == "models"}  # fmt: skip
    assert {
        account for account, account_users in shared.items() if not account_users <= models
    } == set()


@each_environment
def test_only_users_of_the_api_have_a_token(scenario: str, environment: str) -> None:
    bound = {
        (subject.get("namespace"), subject["name"])
        for manifest in objects(scenario, environment)
        if manifest["kind"] in ("RoleBinding", "ClusterRoleBinding")
        for subject in manifest["subjects"]
    }
    for template in templates(scenario, environment):
        if template.operated:
            continue
        account = (template.namespace, template.spec.get("serviceAccountName"))
        has_token = template.spec.get("automountServiceAccountToken") is not False
        assert not has_token or account in bound, template.name


@each_environment
def test_roles_are_no_wider_than_their_use(scenario: str, environment: str) -> None:
    for manifest in objects(scenario, environment):
        if manifest["kind"] not in ("Role", "ClusterRole"):
            continue
        for rule in manifest["rules"]:
            words = {*rule.get("apiGroups", ()), *rule.get("resources", ()), *rule["verbs"]}
            assert not words & {"*", "escalate", "bind", "impersonate"}, manifest["metadata"][
                "name"
            ]
            if "secrets" in rule.get("resources", ()):  # each by its name, and nothing but read
                assert rule["resourceNames"], manifest["metadata"]["name"]
                assert rule["verbs"] == ["get"], manifest["metadata"]["name"]


@each_environment
def test_namespaces_enforce_what_their_pods_keep(scenario: str, environment: str) -> None:
    for manifest in objects(scenario, environment):
        if manifest["kind"] == "Namespace":
            labels = manifest["metadata"]["labels"]
            levels = {labels[f"pod-security.kubernetes.io/{mode}"]
                      for mode in ("enforce", "audit", "warn")}  # fmt: skip
            # Seldon's engine keeps its capabilities, so that scenario's patch admits it.
            patched = {"baseline"} if scenario == "seldon" else set()
            assert levels == {"restricted", *patched}, manifest["metadata"]["name"]


GOOD: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "main",
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
        }
    ],
}


@pytest.mark.parametrize(
    ("check", "pod", "container"),
    [
        ("host-namespaces", {"hostPID": True}, {}),
        ("volume-types", {"volumes": [{"name": "etc", "hostPath": {"path": "/etc"}}]}, {}),
        ("privilege-escalation", {}, {"allowPrivilegeEscalation": None}),
        ("privileged", {}, {"privileged": True}),
        ("capabilities", {}, {"capabilities": {"drop": ["NET_RAW"]}}),
        ("capabilities", {}, {"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}),
        ("non-root", {}, {"runAsUser": 0}),
        ("non-root", {"securityContext": {}}, {"seccompProfile": {"type": "RuntimeDefault"}}),
        ("seccomp", {"securityContext": {"runAsNonRoot": True}}, {}),
        ("sysctls", {"securityContext": {**GOOD["securityContext"],
                     "sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}, {}),
    ],
)  # fmt: skip
def test_the_evaluator_finds(check: str, pod: dict[str, Any], container: dict[str, Any]) -> None:
    context = {**GOOD["containers"][0]["securityContext"], **container}
    violating_pod = {**GOOD, **pod, "containers": [{"name": "main", "securityContext": context}]}
    assert [actual for actual, _ in restricted(violating_pod)] == [check]
    assert list(restricted(GOOD)) == []


@each_environment
def test_no_account_is_one_that_an_operator_makes(scenario: str, environment: str) -> None:
    """CloudNativePG 1.30 makes one of the name of each Cluster and Pooler; its pods need a token."""
    actual = objects(scenario, environment)
    accounts_of_objects = [(manifest["kind"], manifest["metadata"].get("namespace"), manifest["metadata"]["name"],
               manifest["apiVersion"].partition("/")[0]) for manifest in actual]  # fmt: skip
    operator_accounts = {
        (space, name)
        for _, space, name, group in accounts_of_objects
        if group == "postgresql.cnpg.io"
    }
    emitted_accounts = {
        (space, name) for kind, space, name, _ in accounts_of_objects if kind == "ServiceAccount"
    }
    assert emitted_accounts & operator_accounts == set()
