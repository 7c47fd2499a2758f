"""The client environment of a workload for pods that platformc does not write, and for laptops.

A kit is a folder: a kustomize Component that adds the environment to every object with the kit's
label, and an `.env` file with comments on the values to fill in. Both come from the same bindings
as the pods that platformc writes, so they agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from compiler import kube
from compiler.kube import authorities, yaml
from compiler.kube.kustomize import COMPONENT
from compiler.model.binding import Endpoint
from compiler.model.graph import Wiring
from compiler.model.instance import PREFIX, Instance
from compiler.model.resource import Env, Manifest, SecretRef

_REFERENCE = re.compile(r"[$][(]([A-Za-z_][A-Za-z0-9_]*)[)]")
FIRST_FREE_PORT = 1024  # below it, only root may listen
LOCAL_PORT = 8080  # in place of one below that
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
    """The files of one kit."""
    client = kube.client(me, wiring.endpoints)
    patches = []
    tree: dict[str, str] = {}
    for kind in _TEMPLATES:
        name = f"{kind.lower()}.yaml"
        tree[name] = yaml.dump(_patch(me, kind, client, container))
        target = {"kind": kind, "labelSelector": f"{LABEL}={me.name}"}
        patches.append({"path": name, "target": target})
    component = {
        **COMPONENT,
        "patches": patches,
    }
    tree["kustomization.yaml"] = _about(me) + yaml.dump(component)
    tree["client.env"] = "".join(f"{line}\n" for line in _laptop(me, client))
    for endpoint in client.endpoints:
        tree |= {f"files{path}": text for path, text in _files(endpoint).items()}
    return dict(sorted(tree.items()))


def in_pod(me: Instance[Any], wiring: Wiring) -> Iterator[str]:
    """The variables of a pod, each with its value or the object that has it; and its files."""
    client = kube.client(me, _clients(wiring))
    for variable in (*client.env, *kube.own_env(me.spec)):
        value = variable.value
        if isinstance(value, str):
            yield f"{variable.name}={value}"
        else:
            kind = "Secret" if isinstance(value, SecretRef) else "ConfigMap"
            yield f"{variable.name}=  # the key {value.key} of the {kind} {me.namespace}/{value.name}"
    for path in sorted({path for endpoint in client.endpoints for path in _files(endpoint)}):
        yield f"# file: {path}"


def on_laptop(me: Instance[Any], wiring: Wiring) -> Iterator[str]:
    """The lines of an `.env` for a program outside the cluster."""
    client = kube.client(me, _clients(wiring))
    yield from _laptop(me, client)
    if any(_files(endpoint) for endpoint in client.endpoints):
        yield "# `platformc client-kit` writes the folder `files`."


def _clients(wiring: Wiring) -> Iterator[Endpoint]:
    """The endpoints that an instance uses, without the systems that run it."""
    return (endpoint for endpoint in wiring.endpoints if endpoint.for_clients)


def _files(endpoint: Endpoint) -> dict[str, str]:
    """The files of a client by path: configuration, and certificates of authorities to trust."""
    authority, certificate = endpoint.authority, endpoint.binding.offer.ca
    trusted = (
        {authority: certificate.text} if authority and certificate and certificate.text else {}
    )
    return {**endpoint.files(), **trusted}


def _about(me: Instance[Any]) -> str:
    return (
        f"# What `{me.name}` of {me.platform} uses, for objects in the namespace {me.namespace}\n"
        f"# with the label {LABEL}: {me.name}\n"
    )


def _patch(me: Instance[Any], kind: str, client: kube.Client, container: str) -> Manifest:
    """A strategic merge patch: lists merge by name, so the pod keeps its own elements."""
    version, path = _TEMPLATES[kind]
    inner: Manifest = _template(me, client, container)
    for key in reversed(path):
        inner = {key: inner}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": me.name}, "spec": inner}


def _authorities(me: Instance[Any], client: kube.Client) -> Iterator[kube.Volume]:
    """The certificates of authorities of external services, if the platform provides them."""
    trust = authorities.of(client.endpoints)
    if trust:
        yield authorities.volume(me.name, trust.items())


def _template(me: Instance[Any], client: kube.Client, container: str) -> Manifest:
    labels = {endpoint.binding.label: "true" for endpoint in client.endpoints}
    patched: Manifest = {"name": container, "env": [variable.manifest() for variable in client.env]}
    spec: Manifest = {"containers": [patched], "enableServiceLinks": False}
    if me.spec.service_account:
        spec["serviceAccountName"] = me.spec.service_account
    volumes = [*client.volumes, *_authorities(me, client)]
    if volumes:
        patched["volumeMounts"] = [volume.mount() for volume in volumes]
        spec["volumes"] = [{"name": volume.name, **volume.source} for volume in volumes]
    return {"metadata": {"labels": dict(sorted(labels.items()))}, "spec": spec}


def _laptop(me: Instance[Any], client: kube.Client) -> Iterator[str]:
    """The lines of the `.env`: every variable, the port-forward to its server, and the value to
    fill in.
    """
    yield f"# What `{me.name}` of {me.platform} uses, from a laptop; kubectl knows the cluster."
    local: dict[str, str] = {}
    for endpoint in client.endpoints:
        binding = endpoint.binding
        if not binding.offer.external:
            service = binding.host.partition(".")[0]
            space, port = binding.provider.namespace, endpoint.port
            here = port if port >= FIRST_FREE_PORT else LOCAL_PORT
            forward = f"kubectl --namespace {space} port-forward service/{service} {here}:{port}"
            yield f"# {binding.provider.name}: {forward}"
            # A URL leaves out the port of its scheme.
            local[binding.host] = "localhost" if here == port else f"localhost:{here}"
        folders = {path.rpartition("/")[0] for path in _files(endpoint)}
        local |= {folder: f"files{folder}" for folder in sorted(folders)}
    for variable in client.env:
        yield from _line(me, variable, local)


def _line(me: Instance[Any], env: Env, local: dict[str, str]) -> Iterator[str]:
    value = env.value
    if not isinstance(value, str):
        secret = isinstance(value, SecretRef)
        object = f"{'secret' if secret else 'configmap'} {value.name}"
        decoded = " | base64decode" if secret else ""
        at = f"kubectl --namespace {me.namespace} get {object} --output"
        yield f"# fill in: {at} go-template='{{{{index .data \"{value.key}\"{decoded}}}}}'"
        yield f"{env.name}="
        return
    for remote, local_path in local.items():
        value = value.replace(remote, local_path)
    value = _REFERENCE.sub(r"${\1}", value)
    yield f"{env.name}={value}"
