"""Write the client environment of a workload for pods that platformc does not write, and for laptops.

A kit is a folder: a kustomize Component that adds the environment to every object with the kit's
label, and for laptops `client.env`, with comments on the values to fill in, and the files that it names. All
come from the same bindings as the pods that platformc writes, so they agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from compiler import kube
from compiler.delivery.local_ports import local_ports
from compiler.kube import authorities, client_certificates, yaml
from compiler.kube.kustomize import COMPONENT
from compiler.model.binding import Endpoint
from compiler.model.client_certificate import FOLDER, KEYS
from compiler.model.graph import Wiring
from compiler.model.instance import PREFIX, Instance
from compiler.model.manifest import Manifest
from compiler.model.resource import Env, SecretRef

_REFERENCE = re.compile(r"[$][(]([A-Za-z_][A-Za-z0-9_]*)[)]")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")  # a shell takes them as they are
_SPECIAL = re.compile(r'[\\"$`]')  # inside double quotes
LABEL = f"{PREFIX}/client"
Server = tuple[str, int]  # host and port in the cluster
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
    tree["kustomization.yaml"] = _header(me, client) + yaml.dump(component)
    tree["client.env"] = "".join(f"{line}\n" for line in _laptop(me, client))
    # Pods have the same files from a ConfigMap, with the cluster's addresses.
    local = _local(client)
    for endpoint in client.endpoints:
        for path, text in _files(endpoint).items():
            tree[f"files{path}"] = _localised(text, local)
    return dict(sorted(tree.items()))


def in_pod(me: Instance[Any], wiring: Wiring) -> Iterator[str]:
    """The variables of a pod, each with its value or the object with the value; and its files."""
    client = kube.client(me, _clients(wiring))
    for variable in (*client.env, *kube.own_env(me.spec)):
        value = variable.value
        if isinstance(value, str):
            yield f"{variable.name}={value}"
        else:
            kind = "Secret" if isinstance(value, SecretRef) else "ConfigMap"
            yield f"{variable.name}=  # the key {value.key} of the {kind} {me.namespace}/{value.name}"
    for path in sorted({path for endpoint in client.endpoints for path in _paths(endpoint)}):
        yield f"# file: {path}"


def on_laptop(me: Instance[Any], wiring: Wiring) -> Iterator[str]:
    """The lines of `client.env`, for a program outside the cluster."""
    client = kube.client(me, _clients(wiring))
    yield from _laptop(me, client)
    if any(_files(endpoint) for endpoint in client.endpoints):
        yield "# `platformc client-kit` writes the folder `files`."


def _clients(wiring: Wiring) -> Iterator[Endpoint]:
    """The endpoints that the programs of an instance use, without the systems that run them."""
    return (endpoint for endpoint in wiring.endpoints if endpoint.for_clients)


def _files(endpoint: Endpoint) -> dict[str, str]:
    """The files of a client by path: configuration, and certificates of authorities to trust."""
    authority, certificate = endpoint.authority, endpoint.offer.ca
    trusted = (
        {authority: certificate.text} if authority and certificate and certificate.text else {}
    )
    return {**endpoint.files(), **trusted}


def _paths(endpoint: Endpoint) -> list[str]:
    """The paths of a client's files, and of its certificate, which is in a Secret."""
    certificates = endpoint.client_certificate
    return [
        *_files(endpoint),
        *([certificates.certificate, certificates.key] if certificates else []),
    ]


def _header(me: Instance[Any], client: kube.Client) -> str:
    text = (
        f"# What `{me.name}` of {me.platform} uses, for objects in the namespace {me.namespace}\n"
        f"# with the label {LABEL}: {me.name}\n"
    )
    if any(endpoint.client_certificate for endpoint in client.endpoints):
        text += "# Their pods need an `fsGroup` (securityContext): only it may read the certificates' keys.\n"
    return text


def _patch(me: Instance[Any], kind: str, client: kube.Client, container: str) -> Manifest:
    """A strategic merge patch: lists merge by name, so the pod keeps its own elements."""
    version, path = _TEMPLATES[kind]
    inner: Manifest = _template(me, client, container)
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


def _template(me: Instance[Any], client: kube.Client, container: str) -> Manifest:
    labels = {endpoint.binding.label: "true" for endpoint in client.endpoints}
    patched: Manifest = {"name": container, "env": [variable.manifest() for variable in client.env]}
    spec: Manifest = {"containers": [patched], "enableServiceLinks": False}
    if me.spec.service_account:
        spec["serviceAccountName"] = me.spec.service_account
    volumes = [*client.volumes, *_certificates(me, client)]
    if volumes:
        patched["volumeMounts"] = [volume.mount() for volume in volumes]
        spec["volumes"] = [{"name": volume.name, **volume.source} for volume in volumes]
    return {"metadata": {"labels": dict(sorted(labels.items()))}, "spec": spec}


def _laptop(me: Instance[Any], client: kube.Client) -> Iterator[str]:
    """The lines of `client.env`: every variable, the port-forward to its server, and the value to
    fill in.
    """
    yield f"# What `{me.name}` of {me.platform} uses, from a laptop; kubectl knows the cluster."
    ports = _ports(client)
    for endpoint in client.endpoints:
        if _is_forwarded(endpoint):
            yield from _forward(endpoint, ports[_server(endpoint)])
        yield from _fetched(me, endpoint)
    local = _local(client)
    for variable in client.env:
        if not _is_scratch(variable):
            yield from _line(me, variable, local)


def _is_forwarded(endpoint: Endpoint) -> bool:
    """Whether a server in the cluster answers; an endpoint without a port has none."""
    return not endpoint.offer.external and endpoint.port > 0


def _is_scratch(variable: Env) -> bool:
    """Whether a variable names a folder that only a pod needs, because it can write nowhere else."""
    return isinstance(variable.value, str) and variable.value.startswith(f"{kube.TMP}/")


def _local(client: kube.Client) -> dict[str, str]:
    """The cluster's addresses and the pods' folders of files, each with its place on a laptop."""
    local: dict[str, str] = {}
    ports = _ports(client)
    for endpoint in client.endpoints:
        if _is_forwarded(endpoint):
            local |= _addresses(endpoint, ports[_server(endpoint)])
        folders = {path.rpartition("/")[0] for path in _paths(endpoint)}
        local |= {folder: f"files{folder}" for folder in sorted(folders)}
    return local


def _localised(text: str, local: dict[str, str]) -> str:
    """A text with the addresses and folders of a laptop."""
    if not local:
        return text
    remote = "|".join(map(re.escape, sorted(local, key=len, reverse=True)))
    return re.sub(remote, lambda match: local[match[0]], text)


def _forward(endpoint: Endpoint, local_port: int) -> Iterator[str]:
    """The port-forward to a server in the cluster."""
    host, provider = endpoint.binding.host, endpoint.binding.provider
    service, ports = host.partition(".")[0], f"{local_port}:{endpoint.port}"
    forward = f"kubectl --namespace {provider.namespace} port-forward service/{service} {ports}"
    yield f"# {provider.name}: {forward}"
    if endpoint.authority:
        yield f"# Its certificate is for its name: add the line `127.0.0.1 {host}` to /etc/hosts."


def _ports(client: kube.Client) -> dict[Server, int]:
    """The local port of each server in the cluster."""
    forwarded = filter(_is_forwarded, client.endpoints)
    servers = list(dict.fromkeys(map(_server, forwarded)))
    return dict(zip(servers, local_ports([port for _, port in servers]), strict=True))


def _server(endpoint: Endpoint) -> Server:
    return endpoint.binding.host, endpoint.port


def _addresses(endpoint: Endpoint, local_port: int) -> dict[str, str]:
    """The server's addresses in the cluster, each with the address of its port-forward."""
    host = endpoint.binding.host
    outside = host if endpoint.authority else "localhost"
    # A URL may leave out the port of its scheme.
    bare = outside if local_port == endpoint.port else f"{outside}:{local_port}"
    return {f"{host}:{endpoint.port}": f"{outside}:{local_port}", host: bare}


def _fetched(me: Instance[Any], endpoint: Endpoint) -> Iterator[str]:
    """The commands that write a client certificate and its key below `files`."""
    certificates, secret = endpoint.client_certificate, endpoint.binding.client_certificate
    if certificates is None or secret is None:
        return
    yield f"# {endpoint.binding.provider.name}: (umask 077; mkdir -p files{FOLDER})"
    for key, path in zip(KEYS, (certificates.certificate, certificates.key), strict=True):
        value = f"go-template='{{{{index .data \"{key}\" | base64decode}}}}'"
        at = f"kubectl --namespace {me.namespace} get secret {secret} --output"
        yield f"# {endpoint.binding.provider.name}: (umask 077; {at} {value} >files{path})"


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
    value = _localised(value, local)
    # Such as read replicas and Sentinels: a port-forward leads to one server.
    comment = "# only in the cluster: " if _is_remote(value, local) else ""
    yield f"{comment}{env.name}={_for_shell(value)}"


def _for_shell(value: str) -> str:
    """A value for a shell that reads the file, with its references to other variables.

    Only a value that a shell would change gets quotes: other readers of such files keep them as part of it.
    """
    if _PLAIN.fullmatch(_REFERENCE.sub("", value)):
        return _REFERENCE.sub(r"${\1}", value)
    texts = _REFERENCE.split(value)  # a text, the name of a variable, a text, ...
    parts = (
        f"${{{part}}}" if index % 2 else _SPECIAL.sub(r"\\\g<0>", part)
        for index, part in enumerate(texts)
    )
    return f'"{"".join(parts)}"'


def _is_remote(value: str, local: dict[str, str]) -> bool:
    """Whether a value names a server in the cluster to which no port-forward leads."""
    for address in sorted(local.values(), key=len, reverse=True):
        value = value.replace(address, "")
    return ".svc." in value
