"""oauth2-proxy before one host: the parts that a login for people and a check of tokens have in common.

Facts about oauth2-proxy 7.15.6: `/ping`, `/ready`, `/robots.txt` and its own paths below `/oauth2/`, or
where `proxy-prefix` puts them, ask for no identity. `pass-basic-auth` is on by default, and would
overwrite the header by which a page itself knows people. The image is `distroless` without a shell.
"""

from collections.abc import Iterable, Iterator, Sequence

from compiler import kube, model
from compiler.interfaces.oidc import PORT, ROLE
from compiler.model import Env

HTTP = 80
COOKIE_KEY = "cookie-secret"


class Spec(model.RunningSpec):
    """No part of the spec: it follows from the settings and from the server behind it."""

    host: str  # the host of the server
    allowed: tuple[str, ...]  # groups of people, or subjects of tokens
    replicas: int
    timeout: int | None = None  # the seconds that the server may take for an answer


def cookie_key(me: model.Instance[Spec], purpose: str) -> model.Credential:
    """A random key for one purpose, without which oauth2-proxy does not start."""
    name = f"{me.name}-cookie"
    return model.Credential(
        name, {COOKIE_KEY: model.Random.PASSWORD}, (me.namespace,), (me.name,), purpose
    )


def objects(
    me: model.Instance[Spec], server: model.Endpoint, issuer: model.Endpoint | None,
    flags: Iterable[str], env: Sequence[Env], volumes: Sequence[kube.Volume] = (),
) -> Iterator[model.Piece]:  # fmt: skip
    """The proxy and its Service."""
    limits = kube.resources(
        me.spec.resources, cpu="50m", memory="64Mi", cpu_limit="1", memory_limit="256Mi"
    )
    proxy = kube.Container(
        "oauth2-proxy",
        str(me.spec.image),
        limits,
        # A `$(NAME)` in the user's words, such as the client's name, would be the value of a variable.
        args=[f"--{flag}".replace("$", "$$") for flag in (*flags, *_server(me, server))],
        env=env,
        ports={"http-login": PORT},
        # It exits where the issuer does not answer, and starts again.
        startup=kube.http_probe("/ping", "http-login", failures=30),
        readiness=kube.http_probe("/ready", "http-login"),
        liveness=kube.http_probe("/ping", "http-login", period=20, failures=6),
    )
    template = kube.pod(
        me, ROLE, [proxy], user=kube.USER, volumes=volumes, spread=me.spec.replicas > 1,
        uses=[server, *([issuer] if issuer else [])],
    )  # fmt: skip
    yield kube.deployment(me, ROLE, template, replicas=me.spec.replicas)
    yield kube.service(me, ROLE, {"http-login": PORT})


def _server(me: model.Instance[Spec], server: model.Endpoint) -> Iterator[str]:
    yield f"http-address={kube.EVERY_ADDRESS}:{PORT}"
    port = "" if server.port == HTTP else f":{server.port}"  # it may be part of the Host header
    yield f"upstream=http://{server.host}{port}/"
    # A page makes a file while a browser waits for it.
    yield f"upstream-timeout={me.spec.timeout}s" if me.spec.timeout else "upstream-timeout=10m"
    yield "pass-basic-auth=false"
    yield "skip-provider-button=true"
    yield "silence-ping-logging=true"
