"""A text that names a host of the platform, in an instance that is not bound to it.

Every namespace denies traffic, and only a binding opens a way: such a program waits for a connection
that never comes. The rule looks for whole host names: of compiled Services, of models and of services
outside. A short name such as `mlflow` counts only if it must be a host: in a URL, or with the Service's
port. The host of a route counts in a URL alone, because a server may list hosts that it answers to.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from compiler.check.texts import texts
from compiler.diagnostics import Report
from compiler.interfaces import gateway, serving
from compiler.model import Graph, Instance, Lowered, Path, Platform, hosts

_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]{0,30})://(?:[^\s/@'\"]*@)?(?P<host>[a-z0-9][a-z0-9.-]*)(?::(?P<port>\d+))?"
)
_BARE = re.compile(
    r"(?<![\w./@:$%{(~-])(?P<host>[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*)\.?(?::(?P<port>\d+))?(?![\w.(@-])"
)
_SSH = re.compile(r"\b\w+@(?P<host>[a-z0-9][a-z0-9.-]*):")  # git@host:path
# In URIs of these schemes, a bucket, repository or organisation is in the place of the host.
_STORED = {"s3", "s3a", "s3n", "gs", "hf", "pvc", "oci", "file", "models", "runs"}
_COMMENT = re.compile(r"^[ \t]*#.*$", re.M)
_PROXY_EXCLUSIONS = {"NO_PROXY", "no_proxy"}  # hosts that a proxy is not asked for


class Owner(Struct, frozen=True):
    """The instance behind a host name, and the ports with which a short name counts."""

    name: str
    namespace: str = ""  # the namespace in which a short name is valid; empty for a whole name
    ports: frozenset[int] = frozenset()


class Mention(Struct, frozen=True):
    """A word of a text that may be a host name."""

    path: Path
    host: str
    port: int | None
    in_url: bool


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    mentions = [
        (instance, mentioned)
        for instance in platform.instances.values()
        if (mentioned := list(_mentions(instance)))
    ]
    if not mentions:
        return
    full_names, short_names = _hosts(lowered)
    routes = _routes(lowered.graph)
    bound: dict[str, set[str]] = defaultdict(set)
    for binding in lowered.graph.bindings:
        bound[binding.consumer.name].add(binding.provider.name)
    for instance, mentioned in mentions:
        reported = {*bound[instance.name], instance.name}
        for mention in mentioned:
            owner = (
                _owner(mention, instance, full_names, short_names)
                or _model(mention, instance, lowered.graph)
                or (routes.get(mention.host) if mention.in_url else None)
            )
            if owner is not None and owner not in reported:
                reported.add(owner)
                _report(instance, mention, owner, lowered.graph, platform, report)


def _report(
    instance: Instance[Any], mention: Mention, owner: str, graph: Graph, platform: Platform,
    report: Report,
) -> None:  # fmt: skip
    offered = graph.offers.get(owner, {})
    usable = owner in platform.instances and (
        platform.instances[owner].section == "models"
        or any(provides.endpoint.for_clients for provides in offered)
    )
    if usable and hasattr(instance.spec, "uses"):
        help = f"add `{owner}` to `uses`: it gives the address as a variable, and permits the connection"
    else:
        help = "no network policy permits this connection; remove the address"
    report.add(
        "undeclared-use",
        f"`{instance.name}` names `{mention.host}` of `{owner}`, and is not bound to it",
        platform.document.value_span(mention.path),
        path=mention.path,
        help=help,
    )


def _hosts(lowered: Lowered) -> tuple[Mapping[str, str], Mapping[str, Sequence[Owner]]]:
    """The instance of each whole host name, and the instances of each short one."""
    full_names: dict[str, str] = {}
    short_names: dict[str, list[Owner]] = {}
    for name, offers in lowered.graph.offers.items():
        for offer in offers.values():
            if offer.host and "." in offer.host:
                full_names[offer.host] = name
            elif offer.host:
                short_names.setdefault(offer.host, []).append(
                    Owner(name, "", frozenset({offer.port}))
                )
    domain = lowered.platform.settings.cluster.domain
    for package in lowered.packages.values():
        for resource in package.resources:
            if resource.kind != "Service":
                continue
            host = f"{resource.name}.{resource.namespace}"
            full_names |= dict.fromkeys((f"{host}.svc", f"{host}.svc.{domain}"), package.name)
            ports = frozenset(port["port"] for port in resource.manifest["spec"].get("ports", ()))
            short_names.setdefault(host, []).append(Owner(package.name, "", ports))
            local = Owner(package.name, resource.namespace, ports)
            short_names.setdefault(resource.name, []).append(local)
    return full_names, short_names


def _owner(
    mention: Mention, instance: Instance[Any], full_names: Mapping[str, str],
    short_names: Mapping[str, Sequence[Owner]],
) -> str | None:  # fmt: skip
    if mention.host in full_names:
        return full_names[mention.host]
    for owner in short_names.get(mention.host, ()):
        same_namespace = owner.namespace in ("", instance.namespace)
        if same_namespace and (
            mention.port in owner.ports or (mention.in_url and mention.port is None)
        ):
            return owner.name
    return None


def _routes(graph: Graph) -> Mapping[str, str]:
    """The instance of each host that a gateway serves."""
    routed = gateway.routed(graph)
    return {
        host: instance.name
        for host, instances in hosts.owners(graph).items()
        for instance in instances
        if instance.name in routed
    }


def _model(mention: Mention, me: Instance[Any], graph: Graph) -> str | None:
    """The model whose address inside the cluster the text names.

    The name of the model's Service begins with the model's name, so few models are asked for their address.
    """
    label = mention.host.partition(".")[0]
    for length in range(len(label), 0, -1):
        model = graph.instances.get(label[:length])
        if (
            model is not None
            and model.section == "models"
            and _is_of_model(mention, me, model, graph)
        ):
            return model.name
    return None


def _is_of_model(mention: Mention, me: Instance[Any], model: Instance[Any], graph: Graph) -> bool:
    wiring = graph.wiring(model.name)
    system = wiring.get(serving.SERVING)
    if system is None:
        return False
    offer = system.inference(model, wiring.get(serving.GATEWAY), wiring.get(serving.SERVERLESS))
    host = offer.host or model.host(offer.service)
    inside = host.removesuffix(f".{model.settings.cluster.domain}")
    if mention.host in (host, inside):
        return True
    short = inside.removesuffix(".svc")
    service, _, namespace = short.partition(".")
    names = {short, service} if namespace == me.namespace else {short}
    has_port = mention.port == offer.port or (mention.in_url and mention.port is None)
    return inside.endswith(".svc") and mention.host in names and has_port


def _mentions(instance: Instance[Any]) -> Iterator[Mention]:
    for path, text in texts(instance):
        if path[-1] in _PROXY_EXCLUSIONS:
            continue
        text = _COMMENT.sub("", text.lower())
        for match in _URL.finditer(text):
            if not _is_stored(match["scheme"]):
                yield _mention((*instance.path, *path), match, in_url=True)
        for match in _BARE.finditer(text):
            if "." in match["host"] or match["port"]:
                yield _mention((*instance.path, *path), match, in_url=False)
        for match in _SSH.finditer(text):
            yield Mention((*instance.path, *path), match["host"], None, in_url=False)


def _is_stored(scheme: str) -> bool:
    """Whether a URI names a bucket or a repository, as file systems (`lakefs`, `hdfs`) do too."""
    return scheme in _STORED or scheme.endswith("fs")


def _mention(path: Path, match: re.Match[str], *, in_url: bool) -> Mention:
    port = int(match["port"]) if match["port"] else None
    return Mention(path, match["host"].rstrip("."), port, in_url)
