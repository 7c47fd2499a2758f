"""A container's environment, as the kubelet makes it: in the order written, `$(NAME)` expanded."""

from __future__ import annotations

import re
from collections.abc import Callable

from live.pods.objects import ConfigError, Manifest, Objects

REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_.-][\w.-]*)\)")


def expand(text: str, variables: dict[str, str]) -> str:
    """`$(NAME)` where the name is known; `$$` is a dollar."""

    def value_of(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else variables.get(match[1], match[0])

    return REFERENCE.sub(value_of, text)


def environment(
    container: Manifest, namespace: str, objects: Objects, fields: Callable[[str], str]
) -> dict[str, str]:
    variables: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            if key in source:
                data = objects.data(kind, namespace, source[key]["name"])
                prefix = source.get("prefix", "")
                variables |= {prefix + name: value.decode() for name, value in data.items()}
    for variable in container.get("env", ()):
        if "valueFrom" in variable:
            variables[variable["name"]] = _from(variable["valueFrom"], namespace, objects, fields)
        else:
            variables[variable["name"]] = expand(variable.get("value", ""), variables)
    return variables


def _from(source: Manifest, namespace: str, objects: Objects, fields: Callable[[str], str]) -> str:
    match source:
        case {"secretKeyRef": reference}:
            return objects.value("Secret", namespace, reference).decode()
        case {"configMapKeyRef": reference}:
            return objects.value("ConfigMap", namespace, reference).decode()
        case {"fieldRef": {"fieldPath": path}}:
            return fields(path)
    raise ConfigError(f"an environment from {sorted(source)} is not known here")
