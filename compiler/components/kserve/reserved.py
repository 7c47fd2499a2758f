"""The variables and ports of a model's pod that KServe and Knative keep for themselves.

KServe 0.20.0: its webhook refuses PYTHONPATH (env_policy.go) and, in an image of the user's, another PROTOCOL
than v1 and v2 (predictor_custom.go); in such an image and in a transformer, its controller takes STORAGE_URI for
the address of a model. Knative Serving 1.21.1: its webhook refuses the variables of its runtime contract, and the
ports of its queue-proxy and of its profiles (k8s_validation.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler import model
from compiler.components.kserve import agent
from compiler.model import Path, Problem
from compiler.spec.served_model import ModelSpec

PORTS = (8008, 8012, 8013, 8022, 9090, 9091)
_OF_KNATIVE = dict.fromkeys(
    ("K_CONFIGURATION", "K_REVISION", "K_SERVICE", "PORT"), "which Knative sets itself, and refuses"
)
_OF_KSERVE = {"PYTHONPATH": "which KServe refuses, because it leads Python to other code"}
# Values that KServe accepts in images of the user's.
_PROTOCOLS, _MODELS = ("v1", "v2"), ("hf://", "oci://", "pvc://", "s3://")


def problems(me: model.Instance[ModelSpec], mode: str) -> Iterator[Problem]:
    yield from _variables(me, mode)
    yield from _port(me, mode)


def _variables(me: model.Instance[ModelSpec], mode: str) -> Iterator[Problem]:
    spec = me.spec
    knative = _OF_KNATIVE if mode == "serverless" else {}
    server = {**_OF_KSERVE, **knative, **(_of_image(spec.env) if spec.image else {})}
    if spec.image and spec.env.get("PROTOCOL", "v1") not in _PROTOCOLS:
        server["PROTOCOL"] = "in which KServe accepts `v1` and `v2` alone"
    yield from _set(me.name, spec.env, server, ())
    if spec.transformer is not None:
        variables = spec.transformer.env
        reserved = {**_OF_KSERVE, **knative, **_of_image(variables)}
        yield from _set(me.name, variables, reserved, ("transformer",))


def _of_image(variables: Mapping[str, Any]) -> dict[str, str]:
    """The variable of an image by which KServe would look for a model where there is none."""
    if str(variables.get("STORAGE_URI", "")).startswith(_MODELS):
        return {}
    return {"STORAGE_URI": "which KServe takes for the address of a model to fetch"}


def _set(
    name: str, variables: Mapping[str, Any], reserved: Mapping[str, str], program: Path
) -> Iterator[Problem]:
    """The variables of a program that are reserved."""
    for variable in sorted(variables.keys() & reserved.keys()):
        yield Problem(
            "reserved-variable",
            f"`{name}` sets `{variable}`, {reserved[variable]}",
            (*program, "env", variable),
            _help(variable),
        )


def _help(variable: str) -> str:
    if variable == "PYTHONPATH":
        return "delete `PYTHONPATH`, and set it in an image of yours, or install the modules there"
    if variable == "PORT":
        return "delete `PORT`; with `image`, write the port of your server as `port`"
    if variable == "PROTOCOL":
        return "delete `PROTOCOL`, or give the variable another name"
    return f"delete `{variable}`, or give the variable another name"


def _port(me: model.Instance[ModelSpec], mode: str) -> Iterator[Problem]:
    """The problem of a server whose port another container of its pod has."""
    spec = me.spec
    if spec.port is None:
        return
    if mode == "serverless" and spec.port in PORTS:
        owner = "Knative's queue-proxy"
    elif spec.is_intercepted and spec.port == agent.PORT:
        owner = "KServe's agent"
    else:
        return
    yield Problem(
        "out-of-range",
        f"`{me.name}` listens on {spec.port}, which is a port of {owner} in its pod",
        ("port",),
        "let your server listen on another port, such as 8080, and write that",
    )
