"""Read Argo CD's request to the plugin: the parameters of the application, and its commit.

Facts about Argo CD 3.5.7: an application's parameters are JSON in ARGOCD_APP_PARAMETERS, its plugin
variables have the prefix ARGOCD_ENV_, and the commit is in ARGOCD_APP_REVISION.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from compiler.delivery.argocd.plugin import PARAMETERS
from compiler.diagnostics.words import listing
from compiler.document.other_files import json_value


class BadRequestError(Exception):
    """The application's request has a mistake."""


class Request(Struct, frozen=True):
    """The requested manifests; an empty field does not limit them."""

    environment: str = ""
    component: str = ""


def parse(variables: Mapping[str, str]) -> Request:
    """The request in a plugin's environment variables."""
    parameters = _parameters(variables.get("ARGOCD_APP_PARAMETERS", ""))
    values = {
        name: parameters.get(name) or variables.get(f"ARGOCD_ENV_{name.upper()}", "")
        for name in PARAMETERS
    }
    _check_revision(values["revision"], variables.get("ARGOCD_APP_REVISION", ""))
    return Request(values["environment"], values["component"])


def _parameters(text: str) -> dict[str, str]:
    try:
        entries = json_value(text or "[]")
        if not isinstance(entries, list):
            raise TypeError
        values = {entry["name"]: entry.get("string", "") for entry in entries}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadRequestError("ARGOCD_APP_PARAMETERS is not a list of parameters") from error
    unsupported = sorted(entry["name"] for entry in entries if entry.keys() & {"array", "map"})
    if unsupported:
        raise BadRequestError(f"the parameter {listing(unsupported)} takes one text (`string`)")
    unknown = sorted(values.keys() - PARAMETERS)
    if unknown:
        raise BadRequestError(
            f"no parameter {listing(unknown)}; the parameters are {listing(PARAMETERS)}"
        )
    return {name: str(value or "") for name, value in values.items()}


def _check_revision(prefix: str, revision: str) -> None:
    if prefix and not revision.startswith(prefix):
        raise BadRequestError(f"the application is pinned to revision `{prefix}`, not `{revision}`")
