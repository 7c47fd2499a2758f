"""The login before one page: oauth2-proxy, which sends people to the identity provider.

Facts about oauth2-proxy 7.15.6: without a session, it answers every path with a redirect to the
issuer, or with 401 where JSON is asked for; its own paths are below `/oauth2/`, and `/ping`,
`/ready` and `/robots.txt` ask for no login. A session is an encrypted cookie, so that it survives a
restart and any pod reads it. It holds no tokens where nothing asks for them, and its groups are
those of the login. A request with an ID token of the issuer for the same client needs no cookie.
`pass-basic-auth` is on by default, and would overwrite the header by which a page itself knows
people. The image is `distroless` without a shell.
"""

from collections.abc import Iterator

from compiler import kube, model
from compiler.interfaces import oidc
from compiler.model import Env, SecretRef
from compiler.spec.duration import seconds

PHASE = model.Phase.SERVERS
SECTION = "logins"
ROLE, PORT = "server", 4180
PAGE = model.Requires("page", model.Endpoint)
ISSUER = model.Requires("issuer", oidc.Endpoint)
COOKIE_KEY = "cookie-secret"


class Spec(model.RunningSpec):
    """No part of the spec: it follows from `spec.login` and from the page."""

    host: str  # of the page
    allowed: tuple[str, ...]  # groups; none: all users of the issuer
    session: str
    replicas: int
    secure: bool  # whether browsers reach the page by HTTPS


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {ISSUER: oidc.Claim()}


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    page, issuer = wiring[PAGE], wiring[ISSUER]
    cookie = f"{me.name}-cookie"
    yield model.Credential(
        cookie, {COOKIE_KEY: model.Random.PASSWORD}, (me.namespace,), (me.name,),
        "encrypts the sessions: a new value ends all of them",
    )  # fmt: skip
    limits = kube.resources(
        me.spec.resources, cpu="50m", memory="64Mi", cpu_limit="1", memory_limit="256Mi"
    )
    proxy = kube.Container(
        "oauth2-proxy",
        str(me.spec.image),
        limits,
        args=[f"--{flag}" for flag in (*_login(me, issuer), *_session(me), *_page(me, page))],
        env=[
            Env("OAUTH2_PROXY_CLIENT_SECRET", SecretRef(issuer.secret, oidc.CLIENT_KEY)),
            Env("OAUTH2_PROXY_COOKIE_SECRET", SecretRef(cookie, COOKIE_KEY)),
        ],
        ports={"http-login": PORT},
        # It exits where the issuer does not answer, and starts again.
        startup=kube.http_probe("/ping", "http-login", failures=30),
        readiness=kube.http_probe("/ready", "http-login"),
        liveness=kube.http_probe("/ping", "http-login", period=20, failures=6),
    )
    template = kube.pod(
        me, ROLE, [proxy], user=kube.USER, uses=[page, issuer], spread=me.spec.replicas > 1
    )
    yield kube.deployment(me, ROLE, template, replicas=me.spec.replicas)
    yield kube.service(me, ROLE, {"http-login": PORT})


def _login(me: model.Instance[Spec], issuer: oidc.Endpoint) -> Iterator[str]:
    """The identity provider, and the people who get in."""
    login = me.settings.login
    assert login is not None
    scheme = "https" if me.spec.secure else "http"
    yield "provider=oidc"
    yield f"oidc-issuer-url={issuer.offer.issuer}"
    yield f"client-id={issuer.offer.client}"
    yield f"redirect-url={scheme}://{me.spec.host}/oauth2/callback"
    yield f"scope={' '.join(login.scopes)}"
    yield f"oidc-groups-claim={login.groups_claim}"
    yield from (f"allowed-group={group}" for group in me.spec.allowed)
    yield "email-domain=*"
    yield "code-challenge-method=S256"
    yield "insecure-oidc-skip-nonce=false"
    # People's programs send an ID token of the issuer instead of a cookie.
    yield "skip-jwt-bearer-tokens=true"
    # After a logout, `rd` may lead to the issuer's own logout.
    yield f"whitelist-domain={_authority(issuer)}"
    if issuer.authority:
        yield f"provider-ca-file={issuer.authority}"


def _authority(issuer: oidc.Endpoint) -> str:
    return issuer.host if issuer.port == _HTTPS else f"{issuer.host}:{issuer.port}"


_HTTPS = 443


def _session(me: model.Instance[Spec]) -> Iterator[str]:
    """A cookie that browsers send to this host alone."""
    prefix = "__Host-" if me.spec.secure else ""
    yield f"cookie-name={prefix}{me.name}"
    yield f"cookie-secure={str(me.spec.secure).lower()}"
    yield "cookie-samesite=lax"
    yield f"cookie-expire={seconds(me.spec.session)}s"
    yield "cookie-csrf-per-request=true"
    yield "cookie-csrf-expire=5m"
    yield "session-cookie-minimal=true"


def _page(me: model.Instance[Spec], page: model.Endpoint) -> Iterator[str]:
    yield f"http-address={kube.EVERY_ADDRESS}:{PORT}"
    yield f"upstream=http://{page.host}:{page.port}/"
    # The page makes a file while a browser waits for it.
    yield "upstream-timeout=10m"
    yield "pass-basic-auth=false"
    yield "skip-provider-button=true"
    yield "silence-ping-logging=true"
