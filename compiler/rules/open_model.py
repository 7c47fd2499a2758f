"""A model with a host but without `access`, or without the issuer of the identities that it asks for."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.interfaces import serving
from compiler.model import Graph, Instance, Platform
from compiler.spec.served_model import ModelSpec

LISTED = 3  # names in a message
# The missing section of a spec without the issuer, by its key.
MISSING = {
    "login": "`login:` with the identity provider",
    "machines": "`machines:` with the issuer of the cluster's tokens",
}


def check(platform: Platform, graph: Graph, report: Report) -> None:
    routed = [
        instance
        for instance in platform.instances.values()
        if instance.section == "models" and serving.GATEWAY.slot in graph.by_consumer[instance.name]
    ]
    silent = sorted(instance.name for instance in routed if instance.spec.access is None)
    if silent:
        _report_open(silent, platform, report)
    for instance in routed:
        _check_issuer(instance, platform, report)


def _report_open(names: list[str], platform: Platform, report: Report) -> None:
    path = ("spec", "models", names[0]) if len(names) == 1 else ("spec", "models")
    quoted = [f"`{name}`" for name in names[:LISTED]]
    rest = [f"{len(names) - LISTED} more"] if len(names) > LISTED else []
    answers = "answers" if len(names) == 1 else "answer"
    report.add(
        "open-model",
        f"{_and([*quoted, *rest])} {answers} everybody who reaches the gateway, and no `access` allows that",
        platform.document.span_of(path),
        path=path,
        help="write `access: login`, `access: token` or `access: inside`, or `access: public` if "
        "that is right",
    )


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _check_issuer(instance: Instance[ModelSpec], platform: Platform, report: Report) -> None:
    key = serving.ISSUERS.get(instance.spec.access or "")
    if key is None or getattr(platform.settings, key) is not None:
        return
    path = (*instance.path, "access")
    report.add(
        "missing-issuer",
        f"`{instance.name}` asks for a {instance.spec.access}, and the spec names no issuer of one",
        platform.document.span_of(path),
        path=path,
        help=f"add {MISSING[key]} under `spec:`",
    )
