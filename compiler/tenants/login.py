"""The login before one page or model: oauth2-proxy, which sends people to the identity provider.

Facts about oauth2-proxy 7.15.6: without a session, it answers every path with a redirect to the
issuer, or with 401 if the request asks for JSON. A session is an encrypted cookie, so it survives a
restart and any pod can read it. The cookie holds no tokens unless a setting asks for them, and the groups
at the time of the login. A request with an ID token of the issuer for the same client needs no cookie.
"""

from collections.abc import Iterator

from compiler import model
from compiler.interfaces import http, inference, oidc
from compiler.model import Env, SecretRef
from compiler.spec.duration import seconds
from compiler.tenants import oauth2_proxy

PHASE = model.Phase.SERVERS
SECTION = "logins"
PREFIX, PROXY_PREFIX = "/oauth2", "/oauth2-proxy"
PAGE = model.Requires("page", model.Endpoint)
ISSUER = model.Requires("issuer", oidc.Endpoint)


class Spec(oauth2_proxy.Spec):
    """No part of the spec: it follows from `spec.login` and from the page. Without groups, it lets in
    all users of the issuer.
    """

    session: str
    secure: bool  # whether browsers reach the page by HTTPS


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {ISSUER: oidc.Claim()}


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    page, issuer = wiring[PAGE], wiring[ISSUER]
    cookie = oauth2_proxy.cookie_key(me, "encrypts the sessions: a new value ends all of them")
    yield cookie
    env = [
        Env("OAUTH2_PROXY_CLIENT_SECRET", SecretRef(issuer.secret, oidc.CLIENT_KEY)),
        Env("OAUTH2_PROXY_COOKIE_SECRET", SecretRef(cookie.name, oauth2_proxy.COOKIE_KEY)),
    ]
    flags = (*_login(me, issuer, _prefix(page)), *_session(me), *_model(page))
    yield from oauth2_proxy.objects(me, page, issuer, flags, env)


def _prefix(page: model.Endpoint) -> str:
    """The first part of oauth2-proxy's paths; not the usual one if the page uses that itself."""
    return PROXY_PREFIX if isinstance(page, http.Endpoint) and page.offer.own_oauth else PREFIX


def _login(me: model.Instance[Spec], issuer: oidc.Endpoint, prefix: str) -> Iterator[str]:
    """The settings of the identity provider, and of the people that are admitted."""
    login = me.settings.login
    assert login is not None
    scheme = "https" if me.spec.secure else "http"
    yield "provider=oidc"
    yield f"oidc-issuer-url={issuer.offer.issuer}"
    yield f"client-id={issuer.offer.client}"
    yield f"redirect-url={scheme}://{me.spec.host}{prefix}/callback"
    if prefix != PREFIX:
        yield f"proxy-prefix={prefix}"
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
    """The settings of the cookie, which browsers send only to this host."""
    prefix = "__Host-" if me.spec.secure else ""
    yield f"cookie-name={prefix}{me.name}"
    yield f"cookie-secure={str(me.spec.secure).lower()}"
    yield "cookie-samesite=lax"
    yield f"cookie-expire={seconds(me.spec.session)}s"
    yield "cookie-csrf-per-request=true"
    yield "cookie-csrf-expire=5m"
    yield "session-cookie-minimal=true"


def _model(page: model.Endpoint) -> Iterator[str]:
    """The setting for a model that Knative routes by the host of its Service."""
    if isinstance(page, inference.Endpoint):
        yield "pass-host-header=false"
