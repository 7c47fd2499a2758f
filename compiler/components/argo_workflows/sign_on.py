"""Configure Argo's own single sign-on: its server's settings, and an account for each group of people.

Facts of Argo Workflows 4.0.5 (server/auth): its server reads the settings at its start. A login gives the
rights of the ServiceAccount whose annotation `rbac-rule` the person's claims meet; of several accounts, the
one with the highest precedence. The server acts with that account's token, from the Secret
`<account>.service-account-token`, which Kubernetes fills. With the same token it reads the store's key when
a person asks for an artefact, or for the log of a run whose pods are gone (server/artifacts).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from compiler import kube, model
from compiler.interfaces import gateway, oidc, s3
from compiler.spec.access import Rights
from compiler.spec.duration import seconds

CLIENT_ID = "client-id"
# Upstream's ClusterRoles, from the fewest rights to the most.
ROLES: dict[Rights, str] = {
    "read": "argo-aggregate-to-view",
    "write": "argo-aggregate-to-edit",
    "admin": "argo-aggregate-to-admin",
}
# The rights for the parts of a run's page that upstream's roles lack, while it runs.
LOGS = {
    "apiGroups": [""],
    "resources": ["events", "pods", "pods/log"],
    "verbs": ["get", "list", "watch"],
}
RULE = "workflows.argoproj.io/rbac-rule"
PRECEDENCE = f"{RULE}-precedence"


def problems(me: model.Instance[Any]) -> Iterator[model.Problem]:
    """The problems of a sign-on without an identity provider, or without a host for its answer."""
    if me.spec.sso and me.settings.login is None:
        yield model.Problem(
            "missing-issuer",
            f"`{me.name}` has a single sign-on, and the spec names no identity provider",
            ("sso",),
            help="add `login:` with the identity provider under `spec:`",
        )
    elif me.spec.sso and me.spec.expose is False:
        yield model.Problem(
            "invalid-value",
            f"`{me.name}` has a single sign-on, which leads back to a host, and `expose: false` "
            "gives it none",
            ("expose",),
            help="keep one of `sso` and `expose: false`",
        )


def settings(
    me: model.Instance[Any], issuer: oidc.Endpoint, entrance: gateway.Endpoint
) -> dict[str, Any]:
    """The key `sso` of Argo's ConfigMap; it names Secrets, and holds none."""
    login = me.settings.login
    assert login is not None
    host = me.public_host or me.route
    claim = {"customGroupClaimName": login.groups_claim} if login.groups_claim != "groups" else {}
    authority = {"rootCA": login.certificates} if login.ca else {}
    return {
        "issuer": issuer.offer.issuer,
        "clientId": {"name": _client(me), "key": CLIENT_ID},
        "clientSecret": {"name": issuer.secret, "key": oidc.CLIENT_KEY},
        "redirectUrl": f"{entrance.offer.scheme}://{host}/oauth2/callback",
        # It adds `openid` itself.
        "scopes": [scope for scope in login.scopes if scope != "openid"],
        "sessionExpiry": f"{seconds(login.session)}s",
        "rbac": {"enabled": True},
        **claim,
        **authority,
    }


def _client(me: model.Instance[Any]) -> str:
    return f"{me.name}-sso"


def credentials(
    me: model.Instance[Any], issuer: oidc.Endpoint, server: str
) -> Iterator[model.Credential]:
    """The client, in Argo's namespace, where its server alone reads Secrets."""
    restart = (f"deployment/{server} -n {me.namespace}",)
    yield model.Credential(
        _client(me), {CLIENT_ID: issuer.offer.client}, (me.namespace,), (me.name,), restart=restart
    )
    for credential in issuer.credentials(me.namespace):
        yield replace(credential, restart=restart)


def accounts(
    me: model.Instance[Any], groups: dict[str, Rights], spaces: Sequence[str], store: s3.Endpoint,
    stored: Sequence[str],
) -> Iterator[model.Piece]:  # fmt: skip
    """An account for each kind of rights, and its rights in each namespace with runs.

    The runs in the namespaces `stored` keep their artefacts in this store.
    """
    for precedence, (rights, role) in enumerate(ROLES.items(), 1):
        members = sorted(group for group, has in groups.items() if has == rights)
        if not members:
            continue
        name = f"{me.name}-{rights}"
        yield _account(name, me.namespace, members, precedence)
        yield _token(name, me.namespace)
        for space in spaces:
            yield kube.cluster_role_in(role, space, name, me.namespace)
            rules = [LOGS, _key(store)] if space in stored else [LOGS]
            yield from kube.role(f"{name}-logs", space, rules, account=(name, me.namespace))


def _key(store: s3.Endpoint) -> model.Manifest:
    """The Secrets that the settings of the store name. The server shows no Secret to people."""
    references = [
        store.secret_key(s3.ACCESS_KEY).selector,
        store.secret_key(s3.SECRET_KEY).selector,
    ]
    authority = kube.authorities.secret_key(store)
    names = {reference["name"] for reference in (*references, *([authority] if authority else []))}
    return {
        "apiGroups": [""],
        "resources": ["secrets"],
        "resourceNames": sorted(names),
        "verbs": ["get"],
    }


def _account(name: str, namespace: str, groups: Sequence[str], precedence: int) -> model.Resource:
    account = kube.service_account(name, namespace)
    rule = " or ".join(f"{json.dumps(group, ensure_ascii=False)} in groups" for group in groups)
    account["metadata"]["annotations"] = {RULE: rule, PRECEDENCE: str(precedence)}
    return model.Resource(account)


def _token(account: str, namespace: str) -> model.Resource:
    """The Secret of an account's token; Kubernetes fills it in, and deletes it if the account is missing."""
    return model.Resource(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": f"{account}.service-account-token",
                "namespace": namespace,
                "annotations": {"kubernetes.io/service-account.name": account},
            },
            "type": "kubernetes.io/service-account-token",
        },
        step=1,
    )
