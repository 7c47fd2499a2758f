"""What Argo CD asks a plugin for: parameters of the application, and the commit that it is at.

Facts are of Argo CD 3.5.7: an application's parameters arrive in ARGOCD_APP_PARAMETERS as JSON, its
plugin variables with the prefix ARGOCD_ENV_, the commit in ARGOCD_APP_REVISION.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from msgspec import Struct

from compiler.delivery.argocd.plugin import PARAMETERS
from compiler.diagnostics import listing


class BadRequestError(Exception):
    """The application asks for what the plugin can't give."""


class Request(Struct, frozen=True):
    """Which manifests are wanted; empty parts are not restricted."""

    environment: str = ""
    component: str = ""


def parse(variables: Mapping[str, str]) -> Request:
    """The request that a plugin's environment variables hold."""
    given = _parameters(variables.get("ARGOCD_APP_PARAMETERS", ""))
    values = {
        name: given.get(name) or variables.get(f"ARGOCD_ENV_{name.upper()}", "")
        for name in PARAMETERS
    }
    _check_revision(values["revision"], variables.get("ARGOCD_APP_REVISION", ""))
    return Request(values["environment"], values["component"])


def _parameters(text: str) -> dict[str, str]:
    try:
        found = json.loads(text or "[]")
        if not isinstance(found, list):
            raise TypeError
        given = {one["name"]: one.get("string", "") for one in found}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadRequestError("ARGOCD_APP_PARAMETERS is not a list of parameters") from error
    other = sorted(one["name"] for one in found if one.keys() & {"array", "map"})
    if other:
        raise BadRequestError(f"the parameter {listing(other)} takes one text (`string`)")
    unknown = sorted(given.keys() - PARAMETERS)
    if unknown:
        raise BadRequestError(f"no parameter {listing(unknown)}; there is {listing(PARAMETERS)}")
    return {name: str(value or "") for name, value in given.items()}


def _check_revision(wanted: str, found: str) -> None:
    if wanted and not found.startswith(wanted):
        raise BadRequestError(f"the application is pinned to revision `{wanted}`, not `{found}`")
