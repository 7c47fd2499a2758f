"""Derived references, each broken once: what the live tests must notice.

A reference is a host, a port, a region, a user, the name of a database, a bucket or whatever else the
spec names, in a variable, a word of a command or a mounted file; a Secret or a ConfigMap, by its name
or its key; how to speak S3, which the AWS configuration file says; and what a Service and a probe say
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
FAR = 100  # further than the ports of a server lie apart
PATTERNS: dict[str, tuple[str, Callable[[str], str]]] = {
    "host": (HOST, lambda it: f"else-{it}"),
    "port": (PORT, lambda it: str(int(it) + FAR)),
    "user": (USER, lambda it: f"{it}-else"),
    "region": (r"(?<=region = )[a-z0-9-]+", lambda it: f"else-{it}"),
    # Told otherwise it signs by the same version; not told, links by the one before.
    "signature": (r"signature_version(?= = s3v4)", lambda it: f"else_{it}"),
    "addressing": (r"(?<=addressing_style = )path", lambda _: "virtual"),
}
COMMENT = re.compile(r"^[#;].*|^\s+[#;].*|^--\s.*", re.MULTILINE)


@dataclass(frozen=True)
class Mutant:
    """A pod template or a Service with one reference broken, and the objects that it names instead."""

    what: str
    one: Manifest
    objects: tuple[Manifest, ...] = ()


@dataclass(frozen=True)
class Breaker:
    """Finds references in the pods of one namespace; `names` says what each name is of."""

    objects: Objects
    namespace: str
    names: Mapping[str, str]

    def mutants(self, template: Manifest) -> Iterator[Mutant]:
        spec = template["spec"]
        for part in ("initContainers", "containers"):
            for index, one in enumerate(spec.get(part, ())):
                for what, broken, objects in self._container(one):
                    yield _with(
                        template, (part, index), broken, f"{what} of {one['name']}", objects
                    )
        for index, volume in enumerate(spec.get("volumes", ())):
            for what, broken, objects in self._volume(volume):
                yield _with(template, ("volumes", index), broken, what, objects)

    def _container(self, one: Manifest) -> Iterator[tuple[str, Manifest, tuple[Manifest, ...]]]:
        for index, variable in enumerate(one.get("env", ())):
            for what, broken, objects in self._variable(variable):
                env = [*one["env"][:index], broken, *one["env"][index + 1 :]]
                yield f"{what} in {variable['name']}", {**one, "env": env}, objects
        for part in ("command", "args"):
            words = one.get(part, ())
            for index, (before, word) in enumerate(zip(["", *words], words, strict=False)):
                for what, other in self._word(before, word):
                    told = [*words[:index], other, *words[index + 1 :]]
                    yield f"{what} in the {part}", {**one, part: told}, ()

    def _word(self, before: str, word: str) -> Iterator[tuple[str, str]]:
        """A port may be a word of its own, after that of its host or an option's."""
        if word.isdigit() and re.fullmatch(rf"{HOST}|--port", before):
            yield "port", str(int(word) + FAR)
        yield from self.texts(word)

    def _variable(self, one: Manifest) -> Iterator[tuple[str, Manifest, tuple[Manifest, ...]]]:
        reference = one.get("valueFrom", {}).get("secretKeyRef")
        if reference:
            other = self._other(reference["name"])
            key = {**reference, "key": f"{reference['key']}-else"}
            name = {**reference, "name": other["metadata"]["name"]}
            yield "key of a Secret", {**one, "valueFrom": {"secretKeyRef": key}}, ()
            yield "Secret", {**one, "valueFrom": {"secretKeyRef": name}}, (other,)
            return
        value = one.get("value", "")
        if one["name"].endswith("PORT") and value.isdigit():
            yield "port", {**one, "value": str(int(value) + FAR)}, ()
        if one["name"].endswith("_USERNAME") and "$" not in value:
            yield "user", {**one, "value": f"{value}-else"}, ()
        if one["name"].endswith("_REGION") and value not in ("true", "false"):
            yield "region", {**one, "value": f"else-{value}"}, ()
        for what, text in self.texts(value):
            yield what, {**one, "value": text}, ()

    def _volume(self, one: Manifest) -> Iterator[tuple[str, Manifest, tuple[Manifest, ...]]]:
        if "secret" in one:
            other = self._other(one["secret"]["secretName"])
            source = {**one["secret"], "secretName": other["metadata"]["name"]}
            yield "Secret of a volume", {**one, "secret": source}, (other,)
        for kind in ("secret", "configMap"):
            for what, source in _items(one.get(kind, {})):
                yield f"{what} of a {kind} volume", {**one, kind: source}, ()
        if "configMap" not in one:
            return
        name = one["configMap"]["name"]
        source = {**one["configMap"], "name": f"{name}-else"}
        yield f"ConfigMap of the volume {one['name']}", {**one, "configMap": source}, ()
        held = self.objects.get("ConfigMap", self.namespace, name)
        shown = {item["key"] for item in one["configMap"].get("items", ())} or held["data"].keys()
        for key in sorted(shown):
            for number, (what, broken) in enumerate(self.texts(held["data"][key])):
                title = f"{name}-{key.replace('_', '-').lower()}-{number}"
                other = {**held, "data": {**held["data"], key: broken}}
                other["metadata"] = {**held["metadata"], "name": title}
                source = {**one["configMap"], "name": title}
                yield f"{what} in {key}", {**one, "configMap": source}, (other,)

    def service(self, service: Manifest) -> Iterator[Mutant]:
        """What a Service says of the pods behind it; of one without an address, whose they are."""
        spec = service["spec"]
        for key, value in spec["selector"].items():
            selector = {**spec["selector"], key: f"{value}-else"}
            yield Mutant(f"{key} selected", {**service, "spec": {**spec, "selector": selector}})
        for index, port in enumerate(spec["ports"] if spec.get("clusterIP") != "None" else ()):
            for key in ("port", "targetPort"):
                ports = [*spec["ports"]]
                ports[index] = {**port, key: _other_port(port[key])}
                what = f"{key} of {port['name']}"
                yield Mutant(what, {**service, "spec": {**spec, "ports": ports}})

    def _other(self, name: str) -> Manifest:
        """Another Secret with the same keys, and values that open nothing."""
        held = self.objects.data("Secret", self.namespace, name)
        return {
            "kind": "Secret",
            "metadata": {"name": f"{name}-else", "namespace": self.namespace},
            "stringData": {key: f"Else{value.decode()[4:]}" for key, value in held.items()},
        }

    def texts(self, text: str) -> Iterator[tuple[str, str]]:
        """What was broken in a text, and the text with it; names, wherever they stand in it."""
        remarks = [match.span() for match in COMMENT.finditer(text)]
        for kind, (pattern, other) in PATTERNS.items():
            for match in re.finditer(pattern, text):
                if any(start <= match.start() < end for start, end in remarks):
                    continue
                yield kind, text[: match.start()] + other(match[0]) + text[match.end() :]
        for name, kind in self.names.items():
            broken = re.sub(rf"\b{re.escape(name)}\b", f"{name}x", text)
            if broken != text:
                yield kind, broken


def probed(container: Manifest, kind: str) -> Iterator[tuple[str, Manifest]]:
    """What was broken for a probe that asks a port: its own word for that, or the container's."""
    probe = container[kind]
    for way in {"httpGet", "tcpSocket"} & probe.keys():
        name = probe[way]["port"]
        asked = {**probe[way], "port": _other_port(name)}
        yield f"port in its {kind}", {**container, kind: {**probe, way: asked}}
        for index, port in enumerate(container.get("ports", ())):
            if port.get("name") == name:
                ports = [*container["ports"]]
                ports[index] = {**port, "containerPort": _other_port(port["containerPort"])}
                yield f"port {name} for its {kind}", {**container, "ports": ports}


def _other_port(port: int | str) -> int | str:
    return port + FAR if isinstance(port, int) else f"{port}-else"


def _items(source: Manifest) -> Iterator[tuple[str, Manifest]]:
    """The keys that a volume shows, each broken."""
    items = source.get("items", ())
    for index, item in enumerate(items):
        other = {**item, "key": f"{item['key']}-else"}
        yield (
            f"key {item['key']}",
            {**source, "items": [*items[:index], other, *items[index + 1 :]]},
        )


def _with(
    template: Manifest, place: tuple[str, int], part: Manifest, what: str,
    objects: Iterable[Manifest],
) -> Mutant:  # fmt: skip
    made = copy.deepcopy(template)
    made["spec"][place[0]][place[1]] = part
    return Mutant(what, made, tuple(objects))
