"""Write the client environment of a workload or model for pods that platformc does not write, and for laptops.

A kit is a folder: a kustomize Component that adds the environment to every object with the kit's
label, and for laptops `client.env`, with comments on the values to fill in, and the files that it names. All
come from the same bindings as the pods that platformc writes, so they agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler import kube
from compiler.delivery import laptop
from compiler.delivery.programs import Program, programs
from compiler.kube import authorities, client_certificates, yaml
from compiler.kube.kustomize import COMPONENT
from compiler.model.graph import Wiring
from compiler.model.instance import PREFIX, Instance
from compiler.model.manifest import Manifest
from compiler.model.resource import Env, SecretRef

LABEL = f"{PREFIX}/client"
# Kinds with pods: the API version, and the path of the pod template.
_TEMPLATES = {
    "CronJob": ("batch/v1", ("jobTemplate", "spec", "template")),
    "DaemonSet": ("apps/v1", ("template",)),
    "Deployment": ("apps/v1", ("template",)),
    "Job": ("batch/v1", ("template",)),
    "StatefulSet": ("apps/v1", ("template",)),
}


def kit(me: Instance[Any], wiring: Wiring, container: str) -> dict[str, str]:
    """The files of one kit; its Component has the variables of the main program."""
    all_programs = programs(me, wiring)
    program, *_ = all_programs
    patches = []
    tree: dict[str, str] = {}
    for kind in _TEMPLATES:
        name = f"{kind.lower()}.yaml"
        tree[name] = yaml.dump(_patch(me, kind, program, container))
        target = {"kind": kind, "labelSelector": f"{LABEL}={me.name}"}
        patches.append({"path": name, "target": target})
    component = {
        **COMPONENT,
        "patches": patches,
    }
    tree["kustomization.yaml"] = _header(me, program.client) + yaml.dump(component)
    tree["client.env"] = "".join(f"{line}\n" for line in laptop.lines(me, all_programs))
    return dict(sorted({**tree, **laptop.local_files(all_programs)}.items()))


def in_pod(me: Instance[Any], wiring: Wiring) -> Iterator[str]:
    """The variables of a pod, each with its value or the object with the value; and its files."""
    for program in programs(me, wiring):
        endpoints = program.client.endpoints
        pod_files = sorted({path for endpoint in endpoints for path in laptop.paths(endpoint)})
        if program.title and (program.env or pod_files):
            yield f"# {program.title}:"
        yield from (_in_pod(me, variable) for variable in program.env)
        yield from (f"# file: {path}" for path in pod_files)


def _in_pod(me: Instance[Any], variable: Env) -> str:
    value = variable.value
    if isinstance(value, str):
        return f"{variable.name}={value}"
    kind = "Secret" if isinstance(value, SecretRef) else "ConfigMap"
    return f"{variable.name}=  # the key {value.key} of the {kind} {me.namespace}/{value.name}"


def on_laptop(me: Instance[Any], wiring: Wiring) -> Iterator[str]:
    """The lines of `client.env`, for a program outside the cluster."""
    yield from laptop.lines(me, programs(me, wiring))


def has_files(me: Instance[Any], wiring: Wiring) -> bool:
    """Whether the variables name files, which a kit has."""
    return bool(laptop.local_files(programs(me, wiring)))


def _header(me: Instance[Any], client: kube.Client) -> str:
    text = (
        f"# What `{me.name}` of {me.platform} uses, for objects in the namespace {me.namespace}\n"
        f"# with the label {LABEL}: {me.name}\n"
    )
    if any(endpoint.client_certificate for endpoint in client.endpoints):
        text += "# Their pods need an `fsGroup` (securityContext): only it may read the certificates' keys.\n"
    return text


def _patch(me: Instance[Any], kind: str, program: Program, container: str) -> Manifest:
    """A strategic merge patch: lists merge by name, so the pod keeps its own elements."""
    version, path = _TEMPLATES[kind]
    inner: Manifest = _template(me, program, container)
    for key in reversed(path):
        inner = {key: inner}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": me.name}, "spec": inner}


def _certificates(me: Instance[Any], client: kube.Client) -> Iterator[kube.Volume]:
    """The authorities of outside services, and the client certificates that these services demand."""
    trust = authorities.of(client.endpoints)
    if trust:
        yield authorities.volume(me.name, trust.items())
    secrets = client_certificates.of(endpoint.binding for endpoint in client.endpoints)
    if secrets:
        yield client_certificates.volume(secrets)


def _template(me: Instance[Any], program: Program, container: str) -> Manifest:
    client = program.client
    labels = {endpoint.binding.label: "true" for endpoint in client.endpoints}
    variables = [variable.manifest() for variable in program.env]
    patched: Manifest = {"name": container, "env": variables}
    spec: Manifest = {"containers": [patched], "enableServiceLinks": False}
    if account := getattr(me.spec, "service_account", None):
        spec["serviceAccountName"] = account
    volumes = [*client.volumes, *_certificates(me, client)]
    if volumes:
        patched["volumeMounts"] = [volume.mount() for volume in volumes]
        spec["volumes"] = [{"name": volume.name, **volume.source} for volume in volumes]
    return {"metadata": {"labels": dict(sorted(labels.items()))}, "spec": spec}
