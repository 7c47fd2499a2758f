"""Derived references, each broken once: what the live tests must notice.

A reference is a host, a port, a user, the name of a database, a bucket or whatever else the spec
names, in a variable, a word of a command or a mounted file; a Secret, by its name or its key; and how
to speak S3, which the AWS configuration file says.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from live.pods.objects import Manifest, Objects

HOST = r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.svc\.cluster\.local"
PORT = r"(?<=\.svc\.cluster\.local:)\d+|(?<=port=)\d+|(?<=port: )\d+"
# A binding's own user, in a list of a server's users.
USER = r"(?<=user )[a-z0-9]+(?:-[a-z0-9]+)+(?= on )"
PATTERNS: dict[str, tuple[str, Callable[[str], str]]] = {
    "host": (HOST, lambda it: f"else-{it}"),
    "port": (PORT, lambda it: str(int(it) + 1)),
    "user": (USER, lambda it: f"{it}-else"),
    # Told otherwise it signs by the same version; not told, links by the one before.
    "signature": (r"signature_version(?= = s3v4)", lambda it: f"else_{it}"),
    "addressing": (r"(?<=addressing_style = )path", lambda _: "virtual"),
}
COMMENT = re.compile(r"^[#;].*|^\s+[#;].*|^--.*", re.MULTILINE)


@dataclass(frozen=True)
class Mutant:
    """A pod template with one reference broken, and the objects that it names instead."""

    what: str
    template: Manifest
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
        """A port may be a word of its own, after that of its host."""
        if word.isdigit() and re.fullmatch(HOST, before):
            yield "port", str(int(word) + 1)
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
            yield "port", {**one, "value": str(int(value) + 1)}, ()
        if one["name"].endswith("_USERNAME") and "$" not in value:
            yield "user", {**one, "value": f"{value}-else"}, ()
        for what, text in self.texts(value):
            yield what, {**one, "value": text}, ()

    def _volume(self, one: Manifest) -> Iterator[tuple[str, Manifest, tuple[Manifest, ...]]]:
        if "secret" in one:
            other = self._other(one["secret"]["secretName"])
            source = {**one["secret"], "secretName": other["metadata"]["name"]}
            yield "Secret of a volume", {**one, "secret": source}, (other,)
        if "configMap" not in one:
            return
        name = one["configMap"]["name"]
        held = self.objects.get("ConfigMap", self.namespace, name)
        shown = {item["key"] for item in one["configMap"].get("items", ())} or held["data"].keys()
        for key in sorted(shown):
            for number, (what, broken) in enumerate(self.texts(held["data"][key])):
                title = f"{name}-{key.replace('_', '-').lower()}-{number}"
                other = {**held, "data": {**held["data"], key: broken}}
                other["metadata"] = {**held["metadata"], "name": title}
                source = {**one["configMap"], "name": title}
                yield f"{what} in {key}", {**one, "configMap": source}, (other,)

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


def _with(
    template: Manifest, place: tuple[str, int], part: Manifest, what: str,
    objects: Iterable[Manifest],
) -> Mutant:  # fmt: skip
    made = copy.deepcopy(template)
    made["spec"][place[0]][place[1]] = part
    return Mutant(what, made, tuple(objects))
