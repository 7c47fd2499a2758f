"""The check of tokens before one model: oauth2-proxy, which lets in ServiceAccounts by their tokens.

Facts about oauth2-proxy 7.15.6, run with tokens as Kubernetes 1.36 issues them: without a token, with a
forged or expired one, or with one for another audience, it answers every path with 401; with the token of
another account, with 403. No request gets a session: the issuer has no client for it, so the start of a
login leads nowhere. The token is passed on to the model, and is valid only for this host. The claim
`sub` of a ServiceAccount's token is `system:serviceaccount:<namespace>:<name>`.
"""

import re
from collections.abc import Iterator, Sequence

from compiler import kube, model
from compiler.interfaces import inference, oidc
from compiler.model import Env, SecretRef
from compiler.spec.pem import PUBLIC_KEY
from compiler.tenants import oauth2_proxy

PHASE = model.Phase.SERVERS
SECTION = "token_checks"
MODEL = model.Requires("model", inference.Endpoint)
ISSUER = model.Requires("issuer", oidc.TokensEndpoint)
FOLDER = "/etc/oauth2-proxy"
# The algorithms of Kubernetes' own keys (1.36, pkg/serviceaccount/jwt.go).
ALGORITHMS = ("RS256", "ES256")


class Spec(oauth2_proxy.Spec):
    """No part of the spec: it follows from `spec.machines` and from the model."""

    issuer: str
    keys: str | None


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {} if me.spec.keys else {ISSUER: oidc.Claim()}


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    issuer = wiring.get(ISSUER)
    cookie = oauth2_proxy.cookie_key(me, "oauth2-proxy asks for it; nothing is encrypted with it")
    yield cookie
    value = SecretRef(cookie.name, oauth2_proxy.COOKIE_KEY)
    env = [
        Env(f"OAUTH2_PROXY_{name}_SECRET", value)
        for name in ("CLIENT", "COOKIE")  # it starts with neither missing
    ]
    keys = re.findall(PUBLIC_KEY, me.spec.keys or "")
    files = {f"{number}.pem": f"{key}\n" for number, key in enumerate(keys)}
    if files:
        yield model.ConfigFiles(me.name, me.namespace, files)
    volumes = [kube.config(me.name, FOLDER)] if files else []
    flags = (*_issuer(me, issuer, list(files)), *_callers(me))
    yield from oauth2_proxy.objects(me, wiring[MODEL], issuer, flags, env, volumes)


def _issuer(
    me: model.Instance[Spec], issuer: oidc.TokensEndpoint | None, files: Sequence[str]
) -> Iterator[str]:
    yield "provider=oidc"
    yield f"oidc-issuer-url={me.spec.issuer}"
    yield from (f"oidc-enabled-signing-alg={algorithm}" for algorithm in ALGORITHMS)
    if files:
        yield "skip-oidc-discovery=true"
    yield from (f"oidc-public-key-file={FOLDER}/{name}" for name in files)
    if issuer is not None and issuer.authority:
        yield f"provider-ca-file={issuer.authority}"


def _callers(me: model.Instance[Spec]) -> Iterator[str]:
    # The audience of a token: one for another host is refused.
    yield f"client-id={me.spec.host}"
    yield "oidc-groups-claim=sub"
    yield "oidc-email-claim=sub"
    yield from (f"allowed-group={caller}" for caller in me.spec.allowed)
    yield "email-domain=*"
    yield "skip-jwt-bearer-tokens=true"
    yield "force-json-errors=true"
    yield f"cookie-name={me.name}"
    yield "pass-host-header=false"
