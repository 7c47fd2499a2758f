"""Servers that listen on another port than the one to which requests go, by their arguments or variables.

Facts are of KServe 0.20.0. The arguments and variables of a model come after those of its runtime, and the last
counts (config/runtimes). The controller adds `--http_port 8080` to a transformer without this argument
(transformer_custom.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from compiler import model
from compiler.components.kserve.runtimes import ML_SERVER, RUNTIMES, TENSORFLOW, TRITON, VLLM
from compiler.model import Path, Problem
from compiler.spec.served_model import ModelSpec

PORT = 8080  # of runtimes and transformers
_SDK, _VARIABLE = "--http_port", "MLSERVER_HTTP_PORT"
# The arguments of runtimes that are not made with KServe's SDK. MLServer has none.
_ARGUMENTS = {TENSORFLOW: "--rest_api_port", TRITON: "--http-port", VLLM: "--port"}
# Of images; their `--port` may be of another protocol.
_OF_IMAGES = (_SDK, "--http-port", "--rest_api_port")
_SHIPPED = frozenset(runtime.name for runtime in RUNTIMES)


class Server(NamedTuple):
    """A program of a model's pods, and the settings that may move its port."""

    at: Path  # below the model's section
    settings: Any  # the section with `args`, `command` and `env`
    arguments: tuple[str, ...]
    variables: tuple[str, ...]
    port: int
    movable: bool  # whether the spec can name another port


def problems(me: model.Instance[ModelSpec], runtime: str) -> Iterator[Problem]:
    for server in _servers(me.spec, runtime):
        for key, written in _ports(server):
            if written != server.port:
                remedy = f"write `port: {written}`" if server.movable else "remove the setting"
                yield Problem(
                    "invalid-value",
                    f"a server of `{me.name}` listens on {written}, and requests go to {server.port}",
                    (*server.at, *key),
                    remedy,
                )


def _servers(spec: ModelSpec, runtime: str) -> Iterator[Server]:
    """The servers of a model, of which those in runtimes of the user's have settings that are unknown here."""
    if spec.image is not None:
        yield Server((), spec, _OF_IMAGES, (_VARIABLE,), spec.own_port, movable=True)
    elif runtime in _SHIPPED:
        argument = () if runtime == ML_SERVER else (_ARGUMENTS.get(runtime, _SDK),)
        variable = (_VARIABLE,) if runtime == ML_SERVER else ()
        yield Server((), spec, argument, variable, PORT, movable=False)
    if spec.transformer is not None:
        yield Server(("transformer",), spec.transformer, (_SDK,), (), PORT, movable=False)


def _ports(server: Server) -> Iterator[tuple[Path, int]]:
    """The keys of settings that say on which port a server listens, with the port."""
    settings = server.settings
    for key in ("command", "args"):
        port = _last(getattr(settings, key), server.arguments)
        if port.isdecimal():
            yield (key,), int(port)
    for variable in server.variables:
        text = settings.env.get(variable)
        if isinstance(text, str) and text.isdecimal():
            yield ("env", variable), int(text)


def _last(words: Sequence[str], arguments: tuple[str, ...]) -> str:
    """The text after the last of these arguments, in the same word or in the next one."""
    text = ""
    for word, following in zip(words, (*words[1:], ""), strict=False):
        name, equals, rest = word.partition("=")
        if name in arguments:
            text = rest if equals else following
    return text
