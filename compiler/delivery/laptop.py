"""Write the variables of a program for a laptop: the port-forwards to open, and the values to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from compiler import kube
from compiler.delivery.local_ports import local_ports
from compiler.delivery.programs import Program
from compiler.model.binding import Endpoint
from compiler.model.client_certificate import FOLDER, KEYS
from compiler.model.instance import Instance
from compiler.model.resource import Env, SecretRef

# Kubernetes' replacements in a value: `$$` by `$`, and a reference by the value of a variable.
_REFERENCE = re.compile(r"[$][$]|[$][(]([A-Za-z_][A-Za-z0-9_]*)[)]")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")  # a shell takes them as they are
_SPECIAL = re.compile(r'[\\"$`]')  # inside double quotes
_HOST = re.compile(r"[a-z0-9.-]+")
_OF_THE_IMAGE = ("HOME", "LOGNAME", "PATH", "USER")  # different on a laptop
Server = tuple[str, int]  # host and port in the cluster


class Laptop(Struct, frozen=True):
    """The addresses and folders of some programs on a laptop."""

    endpoints: tuple[Endpoint, ...]
    ports: dict[Server, int]  # the local port of each server in the cluster
    local: dict[str, str]  # the cluster's addresses and the pods' folders, each with its local form

    def localised(self, text: str) -> str:
        """A text with the addresses and folders of a laptop."""
        if not self.local:
            return text
        remote = "|".join(map(re.escape, sorted(self.local, key=len, reverse=True)))
        return re.sub(remote, lambda match: self.local[match[0]], text)

    def unreachable(self, text: str) -> list[str]:
        """The servers in a localised text to which no port-forward leads, such as read replicas and
        Sentinels.
        """
        for address in sorted(self.local.values(), key=len, reverse=True):
            text = text.replace(address, "")
        hosts = {host.rstrip(".") for host in _HOST.findall(text)}
        return sorted(host for host in hosts if ".svc." in f"{host}.")


def laptop(programs: Sequence[Program]) -> Laptop:
    """The laptop of programs that may run at once."""
    endpoints = tuple(endpoint for p in programs for endpoint in p.client.endpoints)
    texts = [*_texts(programs)]
    # A port-forward to a server that no text names, such as one that Sentinels name, would lead nowhere.
    named = {e.host for e in endpoints if any(e.host in text for text in texts)}
    forwarded = [e for e in endpoints if _is_forwarded(e) and e.host in named]
    servers = list(dict.fromkeys(map(_server, forwarded)))
    ports = dict(zip(servers, local_ports([port for _, port in servers]), strict=True))
    local: dict[str, str] = {}
    for endpoint in forwarded:
        local |= _addresses(endpoint, ports[_server(endpoint)])
    for endpoint in endpoints:
        folders = {path.rpartition("/")[0] for path in paths(endpoint)}
        local |= {folder: f"files{folder}" for folder in sorted(folders)}
    return Laptop(endpoints, ports, local)


def lines(me: Instance[Any], programs: Sequence[Program]) -> Iterator[str]:
    """The lines of `client.env`: the port-forwards, every variable, and the values to fill in."""
    machine = laptop(programs)
    if not any(program.env for program in programs):
        return
    yield f"# The variables of `{me.name}` of {me.platform}, for a laptop with a kubectl that reaches the cluster."
    yield from _forwards(machine)
    yield from dict.fromkeys(line for e in machine.endpoints for line in _fetched(me, e))
    for path, text in local_files(programs).items():
        for host in machine.unreachable(text):
            yield f"# only in the cluster: {host}, in {path}"
    for program in programs:
        if program.title and program.env:
            yield f"# {program.title}:"
        names = {variable.name for variable in program.env}
        for variable in program.env:
            if not _is_of_pods(variable):
                yield from _line(me, variable, machine, names)


def local_files(programs: Sequence[Program]) -> dict[str, str]:
    """The files of the programs, by their paths on a laptop. Pods have the same files from a ConfigMap,
    with the cluster's addresses.
    """
    machine = laptop(programs)
    return {
        f"files{path}": machine.localised(text)
        for endpoint in machine.endpoints
        for path, text in files(endpoint).items()
    }


def files(endpoint: Endpoint) -> dict[str, str]:
    """The files of a client by path: configuration, and certificates of authorities to trust."""
    authority, certificate = endpoint.authority, endpoint.offer.ca
    trusted = (
        {authority: certificate.text} if authority and certificate and certificate.text else {}
    )
    return {**endpoint.files(), **trusted}


def paths(endpoint: Endpoint) -> list[str]:
    """The paths of a client's files, and of its certificate, which is in a Secret."""
    certificates = endpoint.client_certificate
    return [
        *files(endpoint),
        *([certificates.certificate, certificates.key] if certificates else []),
    ]


def _texts(programs: Iterable[Program]) -> Iterator[str]:
    """Every text that may name a server: the values of variables, and files."""
    for program in programs:
        yield from (env.value for env in program.env if isinstance(env.value, str))
        for endpoint in program.client.endpoints:
            yield from files(endpoint).values()


def _is_forwarded(endpoint: Endpoint) -> bool:
    """Whether a server in the cluster answers; an endpoint without a port has none."""
    return not endpoint.offer.external and endpoint.port > 0


def _server(endpoint: Endpoint) -> Server:
    """The Service of a port-forward."""
    return endpoint.offer.entrance or (endpoint.host, endpoint.port)


def _knows_names(endpoint: Endpoint) -> bool:
    """Whether a server answers only to its name, because of its certificate or its entrance."""
    return endpoint.authority is not None or endpoint.offer.entrance is not None


def _forwards(machine: Laptop) -> Iterator[str]:
    """The port-forward to each server, and the names that lead to it."""
    for server, local_port in machine.ports.items():
        users = [e for e in machine.endpoints if _is_forwarded(e) and _server(e) == server]
        names = ", ".join(dict.fromkeys(endpoint.binding.provider.name for endpoint in users))
        host, port = server
        service, namespace, *_ = host.split(".")
        ports = f"{local_port}:{port}"
        yield f"# {names}: kubectl --namespace {namespace} port-forward service/{service} {ports}"
        hosts = dict.fromkeys(endpoint.host for endpoint in users if _knows_names(endpoint))
        for name in hosts:
            yield f"# It answers to its name: add the line `127.0.0.1 {name}` to /etc/hosts."


def _addresses(endpoint: Endpoint, local_port: int) -> dict[str, str]:
    """The server's addresses in the cluster, each with the address of its port-forward."""
    host = endpoint.host
    outside = host if _knows_names(endpoint) else endpoint.loopback
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


def _is_of_pods(variable: Env) -> bool:
    """Whether only a pod needs a variable: for its image, or for a folder that a laptop does not need."""
    if variable.name in _OF_THE_IMAGE:
        return True
    return isinstance(variable.value, str) and variable.value.startswith(f"{kube.TMP}/")


def _line(me: Instance[Any], env: Env, machine: Laptop, names: set[str]) -> Iterator[str]:
    value = env.value
    if not isinstance(value, str):
        secret = isinstance(value, SecretRef)
        object = f"{'secret' if secret else 'configmap'} {value.name}"
        decoded = " | base64decode" if secret else ""
        at = f"kubectl --namespace {me.namespace} get {object} --output"
        yield f"# fill in: {at} go-template='{{{{index .data \"{value.key}\"{decoded}}}}}'"
        yield f"{env.name}="
        return
    value = machine.localised(value)
    comment = "# only in the cluster: " if machine.unreachable(value) else ""
    yield f"{comment}{env.name}={_for_shell(value, names)}"


def _for_shell(value: str, names: set[str]) -> str:
    """A value for a shell that reads the file, with its references to other variables.

    Only a value that a shell would change gets quotes: other readers of such files keep them as part of it.
    """
    parts: list[str] = []
    end = 0
    for match in _REFERENCE.finditer(value):
        text = value[end : match.start()]
        end = match.end()
        if match[1] in names:
            parts += [_SPECIAL.sub(r"\\\g<0>", text), f"${{{match[1]}}}"]
        else:
            parts.append(_SPECIAL.sub(r"\\\g<0>", text + ("$" if match[1] is None else match[0])))
    parts.append(_SPECIAL.sub(r"\\\g<0>", value[end:]))
    joined = "".join(parts)
    plain = all(_PLAIN.fullmatch(part) or part.startswith("${") for part in parts)
    return joined if plain else f'"{joined}"'
