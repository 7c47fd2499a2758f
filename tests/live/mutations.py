"""Derived references, each broken once: the live tests must notice.

A reference is a host, a port, a region, a user, the name of a database, a bucket or any other thing that the
spec names, in a variable, a word of a command or a mounted file; a Secret or a ConfigMap, by its name
or its key; how to speak S3, which the AWS configuration file says; and the words of a Service and a probe
of a pod.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from live.pods.objects import Manifest, Objects

HOST = r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.svc\.cluster\.local"
# Of a host, or where a server listens.
PORT = r"(?<=:)\d{4,5}\b|(?<=port[= ])\d+|(?<=port: )\d+|(?<=port = )\d+"
# A binding's own user, in a list of a server's users.
USER = r"(?<=user )[a-z0-9]+(?:-[a-z0-9]+)+(?= on )"
PORT_SHIFT = 100  # further than the ports of a server lie apart
PATTERNS: dict[str, tuple[str, Callable[[str], str]]] = {
    "host": (HOST, lambda host: f"else-{host}"),
    "port": (PORT, lambda port: str(int(port) + PORT_SHIFT)),
    "user": (USER, lambda user: f"{user}-else"),
    "region": (r"(?<=region = )[a-z0-9-]+", lambda region: f"else-{region}"),
    # Configured otherwise it signs by the same version; without, links by the one before.
    "signature": (r"signature_version(?= = s3v4)", lambda signature: f"else_{signature}"),
    "addressing": (r"(?<=addressing_style = )path", lambda _: "virtual"),
}
COMMENT = re.compile(r"^[#;].*|^\s+[#;].*|^--\s.*", re.MULTILINE)


@dataclass(frozen=True)
class Mutant:
    """A pod template or a Service with one reference broken, and the objects that it names instead."""

    fault: str
    manifest: Manifest
    objects: tuple[Manifest, ...] = ()


@dataclass(frozen=True)
class Breaker:
    """Finds references in the pods of one namespace; `names` gives the owner of each name."""

    objects: Objects
    namespace: str
    names: Mapping[str, str]

    def mutants(self, template: Manifest) -> Iterator[Mutant]:
        spec = template["spec"]
        for part in ("initContainers", "containers"):
            for index, container in enumerate(spec.get(part, ())):
                for fault, broken, objects in self._container(container):
                    yield _with(
                        template, (part, index), broken, f"{fault} of {container['name']}", objects
                    )
        for index, volume in enumerate(spec.get("volumes", ())):
            for fault, broken, objects in self._volume(volume):
                yield _with(template, ("volumes", index), broken, fault, objects)

    def _container(
        self, container: Manifest
    ) -> Iterator[tuple[str, Manifest, tuple[Manifest, ...]]]:
        for index, variable in enumerate(container.get("env", ())):
            for fault, broken, objects in self._variable(variable):
                env = [*container["env"][:index], broken, *container["env"][index + 1 :]]
                yield f"{fault} in {variable['name']}", {**container, "env": env}, objects
        for part in ("command", "args"):
            words = container.get(part, ())
            for index, (before, word) in enumerate(zip(["", *words], words, strict=False)):
                for fault, broken_word in self._word(before, word):
                    broken_words = [*words[:index], broken_word, *words[index + 1 :]]
                    yield f"{fault} in the {part}", {**container, part: broken_words}, ()

    def _word(self, before: str, word: str) -> Iterator[tuple[str, str]]:
        """A port may be its own word, after that of its host or an option's."""
        if word.isdigit() and re.fullmatch(rf"{HOST}|--port", before):
            yield "port", str(int(word) + PORT_SHIFT)
        yield from self.texts(word)

    def _variable(self, variable: Manifest) -> Iterator[tuple[str, Manifest, tuple[Manifest, ...]]]:
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        if reference:
            decoy = self._decoy(reference["name"])
            key = {**reference, "key": f"{reference['key']}-else"}
            name = {**reference, "name": decoy["metadata"]["name"]}
            yield "key of a Secret", {**variable, "valueFrom": {"secretKeyRef": key}}, ()
            yield "Secret", {**variable, "valueFrom": {"secretKeyRef": name}}, (decoy,)
            return
        value = variable.get("value", "")
        if variable["name"].endswith("PORT") and value.isdigit():
            yield "port", {**variable, "value": str(int(value) + PORT_SHIFT)}, ()
        if variable["name"].endswith("_USERNAME") and "$" not in value:
            yield "user", {**variable, "value": f"{value}-else"}, ()
        if variable["name"].endswith("_REGION") and value not in ("true", "false"):
            yield "region", {**variable, "value": f"else-{value}"}, ()
        for fault, text in self.texts(value):
            yield fault, {**variable, "value": text}, ()

    def _volume(self, manifest: Manifest) -> Iterator[tuple[str, Manifest, tuple[Manifest, ...]]]:
        if "secret" in manifest:
            decoy = self._decoy(manifest["secret"]["secretName"])
            source = {**manifest["secret"], "secretName": decoy["metadata"]["name"]}
            yield "Secret of a volume", {**manifest, "secret": source}, (decoy,)
        for kind in ("secret", "configMap"):
            for fault, source in _items(manifest.get(kind, {})):
                yield f"{fault} of a {kind} volume", {**manifest, kind: source}, ()
        if "configMap" not in manifest:
            return
        name = manifest["configMap"]["name"]
        source = {**manifest["configMap"], "name": f"{name}-else"}
        yield f"ConfigMap of the volume {manifest['name']}", {**manifest, "configMap": source}, ()
        config = self.objects.get("ConfigMap", self.namespace, name)
        keys = {item["key"] for item in manifest["configMap"].get("items", ())} or config[
            "data"
        ].keys()
        for key in sorted(keys):
            for number, (fault, broken) in enumerate(self.texts(config["data"][key])):
                title = f"{name}-{key.replace('_', '-').lower()}-{number}"
                config_copy = {**config, "data": {**config["data"], key: broken}}
                config_copy["metadata"] = {**config["metadata"], "name": title}
                source = {**manifest["configMap"], "name": title}
                yield f"{fault} in {key}", {**manifest, "configMap": source}, (config_copy,)

    def service(self, service: Manifest) -> Iterator[Mutant]:
        """The words of a Service about the pods behind it; of one without an address, their owner."""
        spec = service["spec"]
        for key, value in spec["selector"].items():
            selector = {**spec["selector"], key: f"{value}-else"}
            yield Mutant(f"{key} selected", {**service, "spec": {**spec, "selector": selector}})
        for index, port in enumerate(spec["ports"] if spec.get("clusterIP") != "None" else ()):
            for key in ("port", "targetPort"):
                ports = [*spec["ports"]]
                ports[index] = {**port, key: _shifted_port(port[key])}
                fault = f"{key} of {port['name']}"
                yield Mutant(fault, {**service, "spec": {**spec, "ports": ports}})

    def _decoy(self, name: str) -> Manifest:
        """Another Secret with the same keys, and values that open nothing."""
        data = self.objects.data("Secret", self.namespace, name)
        return {
            "kind": "Secret",
            "metadata": {"name": f"{name}-else", "namespace": self.namespace},
            "stringData": {key: f"Else{value.decode()[4:]}" for key, value in data.items()},
        }

    def texts(self, text: str) -> Iterator[tuple[str, str]]:
        """The broken reference of a text, and the text with it; names, wherever they stand in it."""
        remarks = [match.span() for match in COMMENT.finditer(text)]
        for kind, (pattern, replacement) in PATTERNS.items():
            for match in re.finditer(pattern, text):
                if any(start <= match.start() < end for start, end in remarks):
                    continue
                yield kind, text[: match.start()] + replacement(match[0]) + text[match.end() :]
        for name, kind in self.names.items():
            broken = re.sub(rf"\b{re.escape(name)}\b", f"{name}x", text)
            if broken != text:
                yield kind, broken


def probed(container: Manifest, kind: str) -> Iterator[tuple[str, Manifest]]:
    """The broken reference of a probe that asks a port: its own word for that, or the container's."""
    probe = container[kind]
    for key in {"httpGet", "tcpSocket"} & probe.keys():
        name = probe[key]["port"]
        broken_probe = {**probe[key], "port": _shifted_port(name)}
        yield f"port in its {kind}", {**container, kind: {**probe, key: broken_probe}}
        for index, port in enumerate(container.get("ports", ())):
            if port.get("name") == name:
                ports = [*container["ports"]]
                ports[index] = {**port, "containerPort": _shifted_port(port["containerPort"])}
                yield f"port {name} for its {kind}", {**container, "ports": ports}


def _shifted_port(port: int | str) -> int | str:
    return port + PORT_SHIFT if isinstance(port, int) else f"{port}-else"


def _items(source: Manifest) -> Iterator[tuple[str, Manifest]]:
    """The keys that a volume shows, each broken."""
    items = source.get("items", ())
    for index, item in enumerate(items):
        broken_item = {**item, "key": f"{item['key']}-else"}
        yield (
            f"key {item['key']}",
            {**source, "items": [*items[:index], broken_item, *items[index + 1 :]]},
        )


def _with(
    template: Manifest, part_key: tuple[str, int], part: Manifest, fault: str,
    objects: Iterable[Manifest],
) -> Mutant:  # fmt: skip
    broken_template = copy.deepcopy(template)
    broken_template["spec"][part_key[0]][part_key[1]] = part
    return Mutant(fault, broken_template, tuple(objects))
